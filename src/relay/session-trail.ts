import { createHash } from "node:crypto";
import type { Ask } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";

/** What is kept of an open transaction: an approval inside of a longer one could not say what it stands for. */
export const maxTrail = { statements: 50, characters: 64 * 1024 } as const;

/** Settings of one session that could be set again elsewhere. */
const maxSettings = 64;
/** SET and RESET take no expressions: nothing runs with them. */
const plainSetting =
  /^\s*(?:set\s+(?:session\s+)?(?!local\b|transaction\b|constraints\b)[\w.]+|set\s+time\s+zone|reset\s+[\w.]+)[^;]*;?\s*$/i;

interface Step {
  readonly text: string;
  values: Ask["values"];
  digest: string | null;
}

/**
 * What ran in a session before a statement and may change what it does: the open transaction's statements, and
 * everything that changed settings or definitions.
 */
export class SessionTrail {
  #steps: Step[] = [];
  #characters = 0;
  #wrote = false;
  /** More ran in the open transaction than is kept. */
  overflowed = false;
  #context = "";
  #settings: string[] | null = [];

  /** An ask was allowed and goes out. */
  ran(ask: Ask, analysis: SqlAnalysis): void {
    // What is only prepared has not run; what was bound before is there already.
    if (ask.phase === "prepare" || ask.phase === "connect" || ask.before !== undefined) return;
    if (analysis.changesContext || analysis.changesCatalogue || analysis.unknowns.length > 0)
      this.#context = digestOf(this.#context, ask.text, ask.values);
    if (analysis.changesContext || analysis.unknowns.length > 0) this.#set(ask, analysis);
    const last = this.#steps.at(-1);
    if (last !== undefined) seal(last);
    if (this.#steps.length >= maxTrail.statements || this.#characters + ask.text.length > maxTrail.characters)
      this.overflowed = true;
    else {
      this.#steps.push({ text: ask.text, values: ask.values, digest: null });
      this.#characters += ask.text.length;
    }
    this.#wrote ||= analysis.effects.some((effect) => effect !== "read" && effect !== "connect");
  }

  #set({ text, context }: Ask, { statements, unknowns }: SqlAnalysis): void {
    if (/^\s*(?:prepare|deallocate)\b/i.test(text) && statements === 1) return;
    if (/^\s*discard\s+all\s*;?\s*$/i.test(text)) this.#settings = [];
    else if (
      this.#settings !== null &&
      this.#settings.length < maxSettings &&
      statements === 1 &&
      unknowns.length === 0 &&
      text.length <= 1_024 &&
      // In a transaction it may be taken back.
      context.transaction === "idle" &&
      plainSetting.test(text)
    )
      this.#settings.push(text);
    else this.#settings = null;
  }

  /** Statements that would set what this session has set, in order; null: it did something that cannot be done again elsewhere. */
  get settings(): readonly string[] | null {
    return this.#settings;
  }

  /** An ask tells where the session stands: outside of a transaction nothing of an earlier one counts. */
  enter({ context }: Ask): void {
    if (context.transaction !== "idle" || context.unsettled === true || this.#steps.length === 0) return;
    this.#steps = [];
    this.#characters = 0;
    this.#wrote = false;
    this.overflowed = false;
  }

  /** Whether the open transaction did anything but read: then it may hold locks that others wait for. */
  get wrote(): boolean {
    return this.#wrote;
  }

  /** The open transaction's statements, oldest first. */
  texts(): readonly string[] {
    return this.#steps.map(({ text }) => text);
  }

  /** Of all that ran in the open transaction, with values. */
  transactionDigest(): string {
    let digest = "";
    for (const step of this.#steps) digest = digestOf(digest, seal(step), null);
    return digest;
  }

  /** Of all that changed settings or definitions in this session, in its order. */
  get contextDigest(): string {
    return this.#context;
  }
}

// The values are views of what the client sent: keeping them would keep whole chunks.
function seal(step: Step): string {
  step.digest ??= digestOf("", step.text, step.values);
  step.values = null;
  return step.digest;
}

function digestOf(before: string, text: string, values: Ask["values"]): string {
  const hash = createHash("sha256").update(`${before}:${text.length}:${text}:${values?.length ?? "none"}`);
  for (const value of values ?? []) {
    hash.update(value === null ? ":null" : `:${value.length}:`);
    if (value !== null) hash.update(value);
  }
  return hash.digest("hex");
}
