import type {
  Analysis,
  HoopError,
  Outcome,
  PermitPurpose,
  Reason,
  SessionId,
  StatementId,
} from "../vocabulary/index.js";

/** Who did it, as written into every entry. */
export interface Actor {
  readonly subject: string;
  readonly name: string;
  /** What Hoop did itself: `system`, on behalf of `name`. */
  readonly system?: boolean | undefined;
  /** The person that a machine acted for; absent: it acted for itself. */
  readonly onBehalfOf?: { readonly subject: string; readonly name: string } | undefined;
}

/** What one rule in shadow mode would have said. */
export interface Shadowed {
  readonly rule: string;
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
}

/** What a statement took of one budget. */
export interface Spent {
  readonly rule: string;
  readonly measure: string;
  readonly window: string;
  readonly amount: number;
  /** In the window, with it. */
  readonly used: number;
  readonly limit: number;
}

/** One line of a recording, before it has its place in the chain. */
export type EntryDraft =
  | {
      readonly kind: "session-opened";
      readonly session: SessionId;
      readonly actor: Actor;
      /** The subject's, at that moment. */
      readonly groups?: readonly string[] | undefined;
      readonly connection: string;
      readonly protocol: string;
      readonly from: string;
      /** The run of a runbook that it belongs to; absent: none. */
      readonly run?: string | undefined;
      /** What led to that run, the first link first; absent: nothing but a person's wish. */
      readonly cause?:
        | readonly { readonly event: string; readonly rule: string; readonly run: string | null }[]
        | undefined;
      readonly reasons: readonly Reason[];
    }
  | {
      readonly kind: "session-refused";
      readonly session: SessionId;
      readonly actor: Actor;
      readonly connection: string;
      readonly protocol: string;
      readonly from: string;
      /** The run of a runbook that it belongs to; absent: none. */
      readonly run?: string | undefined;
      /** What led to that run, the first link first; absent: nothing but a person's wish. */
      readonly cause?:
        | readonly { readonly event: string; readonly rule: string; readonly run: string | null }[]
        | undefined;
      readonly reasons: readonly Reason[];
    }
  | {
      readonly kind: "session-ready";
      readonly session: SessionId;
      readonly target: string;
      readonly client: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "statement";
      readonly session: SessionId;
      readonly statement: StatementId;
      readonly actor: Actor;
      readonly connection: string;
      readonly phase: string;
      readonly purpose: PermitPurpose;
      readonly outcome: Outcome;
      readonly reasons: readonly Reason[];
      readonly policyVersion: string;
      /** What rules in shadow mode would have made of it; absent: nothing. */
      readonly shadows?: readonly Shadowed[] | undefined;
      /** Sealed payload: text and bind values as sent. A long one is stored aside, by hash; never truncated. */
      readonly text: string;
      readonly values: readonly (Uint8Array | null)[] | null;
      /** The text with every literal replaced, safe to show; null where it cannot be made safely. */
      readonly shown: string | null;
      readonly analysis: Analysis | null;
      /** The asker's own trace, unchecked, for whoever sends spans; no part of what is written down. */
      readonly trace?: string | undefined;
    }
  | {
      readonly kind: "statement-finished";
      readonly session: SessionId;
      readonly statement: StatementId;
      readonly outcome: "ok" | "error" | "cancelled" | "suspended" | "unknown";
      readonly rows: number;
      readonly bytes: number;
      readonly maskedCells: number;
      readonly durationMs: number;
      readonly tag?: string | undefined;
      readonly error?: { readonly code: string; readonly text: string } | undefined;
      /** How often each kind of value was found in the reply and masked; absent: nothing was. */
      readonly detected?: Readonly<Record<string, number>> | undefined;
      /** What it took of budgets; absent: of none. */
      readonly budgets?: readonly Spent[] | undefined;
    }
  | {
      readonly kind: "session-closed";
      readonly session: SessionId;
      readonly reason: { readonly code: string; readonly text: string };
      readonly bytesIn: number;
      readonly bytesOut: number;
      readonly statements: number;
      readonly durationMs: number;
    }
  /** What a terminal showed: a piece of its recording. */
  | {
      readonly kind: "screen";
      readonly session: SessionId;
      /** Which of the session's terminals, and its piece's number from 0. */
      readonly terminal: number;
      readonly part: number;
      /** Sealed payload: lines of asciicast v2; the first piece begins with the header. */
      readonly text: string;
    }
  | { readonly kind: "warning"; readonly session: SessionId | null; readonly text: string }
  /** An administrative act: a login, a change of a connection, rule, user. `before` and `after` hold no secret. */
  | {
      readonly kind: "change";
      readonly actor: Actor;
      readonly what: string;
      readonly target: string;
      readonly before: unknown;
      readonly after: unknown;
    };

export interface Recorder {
  /**
   * Puts an entry into the chain and the journal. A session's entries are written in the order of the calls; one that
   * must be stored aside lets other sessions' go ahead. `done` is called with null
   * once the entry would survive a kill -9 of this process (power loss too, with `journal.sync`); entries of one event-loop
   * turn share few writes, and one that is written in the middle of a turn is answered within somebody's next call. With an error nothing was written and the statement must not be forwarded. The end of
   * a statement for which nobody waits is written with the next entry, or after a few milliseconds.
   */
  append(entry: EntryDraft, done?: (error: HoopError | null) => void): void;
  /** Everything appended so far is in the journal. */
  flush(): Promise<void>;
  /** Whether statements can be recorded now; false with the disk full. */
  healthy(): boolean;
  close(): Promise<void>;
}
