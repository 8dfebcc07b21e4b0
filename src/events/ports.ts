import type { Cause, HoopEvent } from "./event.js";

export type { Cause, EventDraft, EventSubject, HoopEvent } from "./event.js";

/**
 * Every event, in one order that all replicas see alike. What was read once at a position stays there, and nothing is put in
 * front of it later: a reader that keeps the position of the last event it took misses none.
 */
export interface EventLog {
  /** Events after the position, oldest first; an empty list: there are no newer ones. `limit` up to 1,000. */
  after(position: number, limit: number): Promise<readonly HoopEvent[]>;
  /** The newest position; 0 before the first event. Where a reader that wants only what comes begins. */
  newest(): Promise<number>;
  /** The oldest position still kept, or `newest() + 1`: events are deleted after `HOOP_EVENTS_DAYS`. */
  oldest(): Promise<number>;
  /** Called when there may be newer ones, on every replica; backed by a poll of half a second. Returns the way to stop. */
  watch(listener: () => void): () => void;
}

/** On whose authority a run acts. */
export type RunAs =
  /** A service account, by its login name. */
  | { readonly kind: "machine"; readonly name: string }
  /** A person, whose own rights apply; by subject id. */
  | { readonly kind: "person"; readonly id: string };

/** What a rule asks to be run. */
export interface RunRequest {
  /** The runbook's name. */
  readonly runbook: string;
  /** Checked against the runbook's own declaration by the runner. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly as: RunAs;
  /**
   * What led to it, this firing included, with `run: null` in the last link. The runner puts its run's id there, and gives the chain
   * to the lanes of the run's sessions (`LaneRequest.cause`) and to its `runbook.finished` event.
   */
  readonly cause: readonly Cause[];
  /** The same key twice is one run: the second call answers the first one's id. */
  readonly key: string;
}

/** Implemented by `runbooks`, called by a rule's `run` action. */
export interface RunbookRunner {
  /**
   * Writes the run down and answers its id; it goes on without the caller. Throws HoopError: `not-found` (no such runbook), `invalid`
   * (parameters), `denied` (not for whom it runs as): those are not tried again. Anything else is.
   */
  start(request: RunRequest, signal: AbortSignal): Promise<string>;
}
