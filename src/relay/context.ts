import type { Challenges, Freshness } from "../identity/freshness.js";
import type { PlanMasks } from "../masking/plan.js";
import type { MintPermit, PolicySource } from "../policy/policy.js";
import type { Protocol } from "../protocol/index.js";
import type { Recorder } from "../recording/recorder.js";
import type { ReviewDesk } from "../reviews/desk.js";
import type { SqlAnalyser } from "../sql/analyser.js";
import type { Catalogue, Connection, HoopError } from "../vocabulary/index.js";
import type { Budget } from "./mask-conditions.js";
import type { Places } from "./places.js";

/** Reads of a statement's text, by the language that a protocol names. */
export type Analysers = Readonly<Record<string, SqlAnalyser>>;

/** What is known of targets' catalogues. */
export interface Catalogues {
  /** The slice for this connection and database; at once when it is cached and fresh enough. Never throws. */
  read(connection: Connection, database: string, asker: string, done: (result: Catalogue | HoopError) => void): void;
  /** Something changed there: the next `read` looks again. */
  invalidate(connection: Connection, database: string): void;
  /** That agent is leaving: nothing of ours keeps it. */
  release(agent: string): void;
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
  /** Takes a statement that decides by a masked column from the budget of its rule; absent: none is left. */
  readonly budget?: Budget | undefined;
  /** Where people are asked; absent: what a rule holds or challenges is refused. */
  readonly people?: PeoplePorts | undefined;
}

/** What waits for people, and where. One for all gates of this replica. */
export interface PeoplePorts {
  readonly desk: ReviewDesk;
  readonly freshness: Freshness;
  readonly challenges: Challenges;
  readonly places: Places;
}

export type Protocols = ReadonlyMap<string, Protocol>;
