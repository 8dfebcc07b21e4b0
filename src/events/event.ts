/**
 * One link of what led to an event: the event that fired a rule, the rule, and the run that the rule started.
 * `run` is null where the rule acted without a runbook.
 */
export interface Cause {
  readonly event: string;
  readonly rule: string;
  readonly run: string | null;
}

/** Who did it, or to whom it happened. */
export interface EventSubject {
  /** UUID; empty where nobody is known by that name, as at a failed login. */
  readonly id: string;
  readonly name: string;
  /** As it was then, where the cause knows it. */
  readonly kind?: "person" | "service" | "agent" | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** Something that happened, on its way into the log. */
export interface EventDraft {
  /** UUID. Made from what caused it, so that the same cause told twice is one event; see `eventId`. */
  readonly id: string;
  /** `statement.denied`; one of the catalogue. */
  readonly type: string;
  /** Of the type's data. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly subject: EventSubject | null;
  /** The connection's name. */
  readonly connection: string | null;
  readonly session: string | null;
  /** What led to it, the first link first; empty: no rule did. Its length is the depth that the loop guard looks at. */
  readonly cause: readonly Cause[];
  /** As the type's schema says. No secret and no literal of a statement is in it. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event in the log. */
export interface HoopEvent extends EventDraft {
  /** Its place in the log: ascending, without gaps that fill up later. */
  readonly position: number;
}
