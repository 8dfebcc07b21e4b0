import type { Permit, PlainWrite, WriteFacts, WriteProof } from "../vocabulary/index.js";
import type { AskContext } from "./ask.js";

/** A client's statement that Hoop looks into, over a session of its own. */
export interface LookedInto {
  /** For `inspect` or `rehearse`: without it nothing is sent. */
  readonly permit: Permit;
  readonly text: string;
  /** As the client bound them; null: none were. */
  readonly values: readonly (Uint8Array | null)[] | null;
  /** How they are to be read, in the protocol's own bytes. */
  readonly reading: Uint8Array | null;
  readonly context: AskContext;
  /** Statements that set what the client's session has set, in order. */
  readonly settings: readonly string[];
}

/** What the target's planner says. */
export interface OwnEstimate {
  readonly rows: number;
  readonly cost: number;
  /** Relations read from end to end, with the planner's idea of their rows. */
  readonly scans: readonly { readonly relation: string; readonly rows: number }[];
  /** Its plan, for people. */
  readonly plan: string;
}

export interface OwnRehearsal extends LookedInto {
  readonly write: PlainWrite;
  /** The catalogue that the proof rests on; another at the target: nothing is tried. */
  readonly catalogue: string;
  /** Pure: whether it may be tried, by what the target says of its definitions. */
  readonly prove: (facts: WriteFacts) => WriteProof;
  /** Goes into the digest of keys. */
  readonly salt: string;
  /** Rows shown before and after, at most. */
  readonly samples: number;
}

type SampleRow = Readonly<Record<string, string | null>>;

export type OwnRehearsed =
  | {
      readonly kind: "tried";
      readonly rows: number;
      readonly keys: string | null;
      readonly ran: string | null;
      /** By `schema.table.column`. */
      readonly before: readonly SampleRow[];
      readonly after: readonly SampleRow[];
      readonly triggers: readonly string[];
      readonly cascades: readonly string[];
    }
  /** It cannot be tried without a trace, or not now; the planner may still be asked. */
  | { readonly kind: "untried"; readonly why: string }
  /** It was tried and failed, as it would when it is approved. */
  | { readonly kind: "failed"; readonly why: string };
