import type { Analysis } from "../../../vocabulary/index.js";
import { tokenize } from "../copy/tokens.js";
import type { ColumnOrigin, Portal, Statement } from "../statements.js";
import type { AskPhase } from "./conversation.js";
import { isBinary, shownValue } from "./shown-values.js";
import type { TextCodec } from "./text.js";

/** A message that has to be judged before it may go on, with what it takes to judge it. */
export type Held = {
  /** The very bytes to forward. */
  readonly frame: Buffer;
  /** 0 while it waits for something else than its answer. */
  ask: number;
  /** Cursors that it may fetch from, as they are open now; absent: not asked. */
  cursors?: ReadonlyMap<string, Analysis>;
} & (
  | {
      readonly kind: "query";
      readonly raw: Buffer;
      text: string;
      columns: readonly ColumnOrigin[] | null;
    }
  | {
      readonly kind: "parse";
      readonly name: string;
      readonly raw: Buffer;
      readonly types: Buffer;
      statement: Statement | null;
    }
  | {
      readonly kind: "bind";
      readonly portal: string;
      readonly name: string;
      readonly formats: Buffer;
      readonly values: readonly (Buffer | null)[];
      statement: Statement | null;
      columns: readonly ColumnOrigin[] | null;
    }
  | { readonly kind: "execute"; readonly name: string; portal: Portal | null; verified: boolean }
  | {
      readonly kind: "function";
      readonly text: string;
      readonly formats: Buffer;
      readonly values: readonly (Buffer | null)[];
    }
  /** Waits for a COPY before it, then is looked at again. */
  | { readonly kind: "later"; readonly type: number }
);

/** Whether the reply ends with ReadyForQuery; the others are messages of a pipeline. */
export function turnOf({ kind }: Held): "turn" | "pipelined" {
  return kind === "query" || kind === "function" ? "turn" : "pipelined";
}

export function textOf(held: Exclude<Held, { kind: "later" }>): string {
  switch (held.kind) {
    case "query":
    case "function":
      return held.text;
    case "parse":
    case "bind":
      return held.statement!.text;
    case "execute":
      return held.portal!.statement.text;
  }
}

export function phaseOf(held: Held): AskPhase {
  if (held.kind === "parse") return "prepare";
  return held.kind === "bind" || held.kind === "execute" ? "execute" : "statement";
}

export function valuesOf(held: Held): readonly (Buffer | null)[] | null {
  if (held.kind === "bind" || held.kind === "function") return held.values;
  return held.kind === "execute" ? held.portal!.values : null;
}

/** How the values are to be read: the formats, and the types that the client gave with the text. */
export function readingOf(held: Held): Buffer {
  switch (held.kind) {
    case "function":
      return held.formats;
    case "bind":
      return joined(held.formats, held.statement!.types);
    case "execute":
      return joined(held.portal!.formats, held.portal!.statement.types);
    default:
      return none;
  }
}

function joined(formats: Buffer, types: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${formats.length}:`), formats, types]);
}

/** The values of what is bound, for people. */
export function shownValuesOf(held: Held, codec: TextCodec): readonly (string | null)[] {
  const values = valuesOf(held) ?? [];
  const formats = held.kind === "execute" ? held.portal!.formats : "formats" in held ? held.formats : none;
  const statement = held.kind === "execute" ? held.portal!.statement : held.kind === "bind" ? held.statement : null;
  const types = statement?.parameters ?? statement?.types ?? none;
  return values.map((value, at) => {
    const type = 4 * at + 4 <= types.length ? types.readUInt32BE(4 * at) : 0;
    return shownValue(value, type, isBinary(formats, at), codec);
  });
}

const none = Buffer.alloc(0);

const mayEnd = /\b(?:rollback|abort|commit|end|prepare)\b/i;
const ends = new Set(["rollback", "abort", "commit", "end", "prepare"]);
/** A longer text is not split: better a refusal that says what to do than a pause. */
const maxSplit = 256 * 1024;

/**
 * A text of several statements one of which may end the transaction before another runs. `END` also closes CASE and the body
 * of a DO or a function: only the first word of a statement counts. What cannot be split may.
 */
export function endsTransactionAndGoesOn(text: string): boolean {
  if (!/;\s*\S/.test(text) || !mayEnd.test(text)) return false;
  const tokens = text.length > maxSplit ? null : tokenize(text);
  if (tokens === null) return true;
  let first = true;
  let ended = false;
  for (const { kind, text: word } of tokens) {
    if (kind === "mark" && word === ";") first = true;
    else if (first) {
      if (ended) return true;
      first = false;
      ended = kind === "word" && ends.has(word);
    }
  }
  return false;
}
