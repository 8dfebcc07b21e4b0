import type { Budgets } from "../budgets/index.js";
import type { Challenges, Freshness } from "../identity/freshness.js";
import type { PlanMasks } from "../masking/plan.js";
import type { MintPermit, PolicySource } from "../policy/policy.js";
import type { Protocol } from "../protocol/index.js";
import type { Recorder } from "../recording/recorder.js";
import type { Rehearsal, RehearsalNotes, ReviewDesk } from "../reviews/desk.js";
import type { SqlAnalyser } from "../sql/analyser.js";
import type { Catalogue, Connection, HoopError } from "../vocabulary/index.js";
import type { Places } from "./places.js";
import type { Rehearsals } from "./rehearsals.js";

/** Reads of a statement's text, by the language that a protocol names. */
export type Analysers = Readonly<Record<string, SqlAnalyser>>;

/** What is known of targets' catalogues. */
export interface Catalogues {
  /** The slice for this connection and database; at once when it is cached and fresh enough. Never throws. */
  read(connection: Connection, database: string, asker: string, done: (result: Catalogue | HoopError) => void): void;
  /** Something changed there: the next `read` looks again. */
  invalidate(connection: Connection, database: string): void;
  /** Called, a moment later, when what was read of a connection's definitions may hold no longer. Returns the way to stop. */
  watch(listener: (connection: Connection) => void): () => void;
  /** That agent is leaving: nothing of ours keeps it. */
  release(agent: string): void;
  /** Closes what waits at that server for the next reading: databases are not made of, or dropped under, somebody who is connected. */
  leave(connection: Connection): void;
  close(): void;
}

/** What every gate of this replica shares. */
export interface GatePorts {
  readonly policy: PolicySource;
  readonly mintPermit: MintPermit;
  readonly planMasks: PlanMasks;
  readonly analysers: Analysers;
  readonly catalogues: Catalogues;
  readonly recorder: Recorder;
  /** A text with its literals replaced, safe to show; null where that cannot be done safely. */
  readonly show: (text: string) => string | null;
  /** Milliseconds since the store last answered; statements are refused past `maxStaleMs`. */
  readonly staleness: () => number;
  readonly maxStaleMs: number;
  readonly now: () => number;
  /** What was used of budgets, all sessions together; absent: all of them count as used up. */
  readonly budgets?: Budgets | undefined;
  /** Where people are asked; absent: what a rule holds or challenges is refused. */
  readonly people?: PeoplePorts | undefined;
}

/** What waits for people, and where. One for all gates of this replica. */
export interface PeoplePorts {
  readonly desk: ReviewDesk;
  readonly freshness: Freshness;
  readonly challenges: Challenges;
  readonly places: Places;
  /** Tries what is held, and asks planners; absent: what a rule would have tried is not, and no estimate can be had. */
  readonly rehearsals?: Rehearsals | undefined;
  /** Where what was tried is brought, and what reviewers were shown. */
  readonly notes?: (RehearsalNotes & { shown(review: string): Promise<Rehearsal | null> }) | undefined;
}

export type Protocols = ReadonlyMap<string, Protocol>;
