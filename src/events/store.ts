import type { Cause, EventDraft, EventLog, HoopEvent } from "./ports.js";
import type { ReactionDocument } from "./rules/schema.js";
import type { Window } from "./rules/window.js";

/** For how many days what happened is kept. What is still to be done stays, whatever its age. */
export interface Keep {
  /** Events, firings, restraints that are over, deliveries that were done. */
  readonly events: number;
  /** Deliveries that were given up, and events that cannot be read; at least as long as events. */
  readonly deadLetters: number;
}

/** Which events somebody wants to see. */
export interface EventFilter {
  readonly types?: readonly string[] | undefined;
  readonly subject?: string | undefined;
  readonly connection?: string | undefined;
  readonly session?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** What a batch of events makes of the windows, and what is to be done. */
export interface Judged {
  readonly windows: readonly {
    readonly rule: string;
    readonly key: string;
    readonly window: Window;
    readonly until: number;
  }[];
  readonly firings: readonly NewFiring[];
  readonly counts: readonly RuleCounts[];
}

export interface RuleCounts {
  readonly rule: string;
  readonly matched: number;
  readonly fired: number;
  readonly quiet: number;
  readonly guarded: number;
  readonly shadowed: number;
  readonly problem: string | null;
}

export interface NewFiring {
  readonly id: string;
  readonly rule: string;
  readonly body: FiringBody;
  readonly restraints: readonly NewRestraint[];
  readonly deliveries: readonly NewDelivery[];
}

/** A firing as it is kept: enough to explain it, and to do what is left of it. */
export interface FiringBody {
  readonly event: EventDraft;
  readonly events: readonly string[];
  readonly quiet: number;
  readonly cause: readonly Cause[];
  readonly actions: readonly string[];
}

/** What is imposed on a session or a subject for a time. */
export interface NewRestraint {
  readonly id: string;
  readonly kind: "pause" | "kill" | "review" | "masks";
  readonly rule: string;
  readonly firing: string;
  readonly session: string | null;
  readonly subject: string | null;
  /** What the kind needs: the words of a notice, terms, columns. */
  readonly terms: Readonly<Record<string, unknown>>;
  readonly cause: readonly Cause[];
  readonly forMs: number;
}

export interface Restraint extends Omit<NewRestraint, "forMs"> {
  readonly since: number;
  readonly until: number;
  readonly ended: { readonly at: number; readonly by: string } | null;
}

export interface NewDelivery {
  readonly id: string;
  readonly step: number;
  readonly kind: string;
  /** What is delivered in order, or counted together: a receiver's name, a runbook's. */
  readonly target: string;
  readonly ordered: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Something that was leased and is to be done by whoever holds the lease. */
export interface Delivery {
  readonly id: string;
  readonly firing: string;
  readonly rule: string;
  readonly step: number;
  readonly kind: string;
  readonly target: string;
  /** As it is kept; reading it is the worker's, for one that cannot be read must not stop the others. */
  readonly body: string;
  /** With this one. */
  readonly attempts: number;
  readonly madeAt: number;
}

/**
 * What became of an attempt. `dead`: it is given up, inspected and replayed by people; its firing's next one goes all the same.
 * `ready`: it is tried again after so long.
 */
export interface Settled {
  readonly id: string;
  readonly state: "done" | "dead" | "ready";
  /** The answer, or what was wrong. */
  readonly word: string;
  readonly afterMs: number;
}

/** A delivery as people see it. */
export interface DeliveryView extends Delivery {
  readonly state: "waiting" | "ready" | "done" | "dead";
  readonly error: string | null;
  readonly answer: string | null;
  readonly nextAt: number;
  readonly endedAt: number | null;
}

export interface FiringView {
  readonly id: string;
  readonly rule: string;
  readonly at: number;
  readonly body: FiringBody;
}

export interface StoredReactions {
  readonly revision: number;
  readonly documents: readonly unknown[];
}

export interface ReactionChange {
  readonly revision: number;
  readonly at: Date;
  readonly by: string;
  readonly kind: string;
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Where events, rules and what they do are kept. All throw HoopError `unavailable` when the store is away. */
export interface EventStore {
  readonly log: EventLog;
  /** Newest first. */
  list(filter: EventFilter, before: number | null, limit: number): Promise<readonly HoopEvent[]>;
  event(id: string): Promise<HoopEvent | null>;
  /** Puts events of no other transaction into the outbox. */
  add(events: readonly EventDraft[]): Promise<void>;

  /**
   * Takes what waits in the outbox into the log and has it judged, in one transaction: an event's place, what rules counted and what
   * is to be done become true together, once. One gateway at a time does it; null: another is at it. `bad` of those taken cannot be
   * read: they are set aside.
   */
  advance(
    limit: number,
    judge: (
      events: readonly HoopEvent[],
      windows: (
        wanted: readonly { readonly rule: string; readonly key: string }[],
      ) => Promise<ReadonlyMap<string, Window>>,
      revision: number,
    ) => Promise<Judged | "stale">,
  ): Promise<{ readonly taken: number; readonly bad: number; readonly stale: boolean } | null>;
  /** Called when something may wait in the outbox. */
  watchEvents(listener: () => void): () => void;

  reactions(): Promise<StoredReactions>;
  /** All or nothing. Throws HoopError `conflict` when `expected` is not the newest revision any more. */
  write(change: {
    readonly expected: number;
    readonly by: { readonly id: string; readonly name: string };
    readonly put: readonly ReactionDocument[];
    readonly remove: readonly string[];
  }): Promise<number>;
  history(limit: number): Promise<readonly ReactionChange[]>;
  counts(): Promise<readonly (RuleCounts & { readonly lastAt: number | null })[]>;
  firings(rule: string | null, limit: number): Promise<readonly FiringView[]>;
  /** Called when rules, restraints or deliveries changed. */
  watchReactions(listener: () => void): () => void;

  /** Windows of rules, to begin with after a start. */
  windows(
    rules: readonly string[],
  ): Promise<readonly { readonly rule: string; readonly key: string; readonly window: Window }[]>;
  /** Those in force, and those that ended within the last minutes. */
  restraints(): Promise<readonly Restraint[]>;
  /** What is there already stays as it is. */
  impose(restraints: readonly NewRestraint[]): Promise<void>;
  /** Null: there is none in force by that id. */
  lift(id: string, by: string): Promise<Restraint | null>;
  /** Those of a firing. */
  liftOf(firing: string, by: string): Promise<number>;

  /** Leases what is due, in order where a target wants it, not more a target than `caps` says. */
  lease(
    replica: string,
    limit: number,
    caps: ReadonlyMap<string, number>,
    leaseMs: number,
  ): Promise<readonly Delivery[]>;
  /** Milliseconds until something is due; null: nothing is. */
  nextDue(): Promise<number | null>;
  /**
   * What became of leased ones, in one go: what ended lets its firing's next one go. Those whose lease ran out and is another's by now
   * are left alone.
   */
  settle(replica: string, settled: readonly Settled[]): Promise<void>;
  deliveries(
    filter: {
      readonly state?: DeliveryView["state"] | undefined;
      readonly rule?: string | undefined;
      readonly firing?: string | undefined;
    },
    limit: number,
  ): Promise<readonly DeliveryView[]>;
  /** The delivery of that kind that was done with that answer; null: there is none. */
  answered(kind: string, answer: string): Promise<Delivery | null>;
  /** Dead ones, due again at once with their attempts forgotten. Answers how many. */
  replay(ids: readonly string[]): Promise<number>;

  /** Says that this gateway is there. `known` false: nobody knew of it, as at its start, or after it was taken for gone. */
  beat(replica: string): Promise<{ readonly known: boolean }>;
  /** This gateway stops, and says so. */
  leave(replica: string): Promise<void>;
  /** Tells that gateways that said nothing for so long are gone, and their agents with them; once, whoever asks. Answers of how many. */
  noticeGone(lostMs: number): Promise<number>;

  /** Deletes what is older, in batches, until there is none or the signal. Exporters that had not read yet what goes are told of, as events. */
  sweep(keep: Keep, signal: AbortSignal): Promise<void>;
}
