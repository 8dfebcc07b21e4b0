import type { MaskPlan } from "../../vocabulary/index.js";
import type { CreateSession, SessionInit, Side } from "../session.js";
import type { Transcript } from "./transcript.js";

/** One message to the client, as a parser that is not the protocol's own reads it. */
export type Reply =
  | { readonly kind: "row"; readonly cells: readonly (Buffer | null)[] }
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "other"; readonly name: string; readonly raw: Buffer };

/**
 * A target of a few lines that logs in whoever comes and answers each statement with rows, the first of which has the
 * statement's text in its first cell. Where a recorded session shows what a target said once, this one can answer whatever it is sent.
 */
export interface ScriptedTarget {
  receive(chunk: Buffer): Buffer;
  /** Texts that reached it, prepared or run, in order. */
  readonly reached: readonly string[];
}

/** One way to ask for a statement, with all that makes the target answer and be ready again. */
export interface StatementStyle {
  readonly name: string;
  encode(text: string): Buffer;
}

/** What the suite cannot know by itself: how this protocol is spoken by a client and a target. */
export interface Dialect {
  /** What a client says until it may ask its first statement; one chunk for each answer. */
  readonly hello: readonly Buffer[];
  readonly styles: readonly StatementStyle[];
  createTarget(): ScriptedTarget;
  /** Throws on bytes that a real client could not read, or that end within a message. */
  replies(bytes: Buffer): readonly Reply[];
  /** How many bytes follow the last whole message that goes to the target; what may be streamed in parts counts as 0. */
  unfinished(toTarget: Buffer): number;
  /** Whether the gateway asks this of the target on its own account. */
  own(text: string): boolean;
  /** The head of a message that announces more than `limits.maxFrame` can hold, for each side. */
  readonly oversized: Readonly<Record<Side, Buffer>>;
  /** Targets that fail the login and quote the secret that they were given, each with a name. */
  readonly leakyLogins: readonly { readonly name: string; createTarget(): ScriptedTarget }[];
  /** A statement under a mask plan; `cell` is the index of the one cell of each row that must change. */
  readonly masked: { readonly text: string; readonly plan: MaskPlan; readonly cell: number };
  /** Whether a client that waits for people is told where they decide, at once and again. */
  readonly tellsOfWaits?: boolean;
  /** What differs from the suite's own session: the connection's protocol and its `target`. */
  readonly init: Partial<SessionInit>;
}

/** A numbered assertion of the suite that this protocol cannot meet, and why. */
export interface Skip {
  readonly assertion: number;
  readonly reason: string;
}

export interface ComplianceOptions extends Dialect {
  readonly transcripts: readonly Transcript[];
  /** A statement that is refused, and one that is allowed. */
  readonly denied: string;
  readonly allowed: string;
  readonly skip: readonly Skip[];
}

/** A protocol under test. */
export interface Candidate extends ComplianceOptions {
  readonly createSession: CreateSession;
}

/** One of the promises that every protocol keeps. `check` throws where it is broken. */
export interface Assertion {
  readonly number: number;
  readonly title: string;
  check(candidate: Candidate): void;
}
