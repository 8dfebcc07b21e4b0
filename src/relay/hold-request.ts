import type { Ask } from "../protocol/index.js";
import type { HoldRequest } from "../reviews/desk.js";
import type { Analysis, HoldTerms, Reason, StatementId, Verdict } from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { Binding } from "./binding.js";
import type { SessionTrail } from "./session-trail.js";

/** What people are shown of one statement, its values and what ran before it, at most; characters and bytes alike. */
export const maxReviewed = 512 * 1024;

export function reviewedSize({ text, values, context }: Ask, trail: SessionTrail): number {
  let size = text.length;
  for (const value of values ?? []) size += value?.length ?? 0;
  if (context.transaction !== "idle") for (const earlier of trail.texts()) size += earlier.length;
  return size;
}

/** What reviewers are shown of an ask, with what they should know about it. */
export function holdRequest(held: {
  readonly asker: Asker;
  readonly ask: Ask;
  readonly statement: StatementId;
  readonly analysis: Analysis;
  readonly verdict: Verdict;
  readonly terms: readonly HoldTerms[];
  readonly binding: Binding;
  readonly trail: SessionTrail;
  /** Why the real run could not be compared with a rehearsal; null: it can. */
  readonly compared: string | null;
}): HoldRequest {
  const { asker, ask, statement, analysis, verdict, terms, binding, trail, compared } = held;
  const { context } = ask;
  const connect = ask.phase === "connect";
  return {
    subject: asker.subject,
    onBehalfOf: asker.subject.onBehalfOf ?? null,
    connection: asker.connection,
    session: asker.session,
    statement: connect ? null : statement,
    digest: binding.digest,
    text: ask.text,
    values: ask.values === null ? null : (ask.shownValues?.() ?? ask.values.map(hex)),
    database: connect ? null : context.database,
    role: connect ? null : context.role,
    analysis: connect ? null : analysis,
    terms,
    reasons: [...verdict.reasons, ...remarks(ask, analysis, binding), ...uncompared(terms, compared)],
    transaction: context.transaction === "idle" ? [] : trail.texts(),
  };
}

function remarks({ text, context }: Ask, analysis: Analysis, { unknown }: Binding): readonly Reason[] {
  const made: Reason[] = [];
  const say = (code: string, words: string): void => {
    made.push({ rule: null, code, text: words });
  };
  if (unknown.length > 0)
    say(
      "reach-unknown",
      `not everything that it reaches is known (${unknown.slice(0, 3).join("; ")}), so an approval counts for this wait only`,
    );
  for (const [name, prepared] of context.prepared ?? [])
    if (new RegExp(`\\bexecute\\s+"?${escaped(name)}"?(?![\\w$])`, "i").test(text))
      say("runs-prepared", `EXECUTE ${name} runs: ${prepared}`);
  const { utility } = analysis.attributes;
  if (Array.isArray(utility) && utility.includes("copy") && analysis.effects.includes("write"))
    say("copy-data", "the rows that its client sends after approval are not part of what is reviewed");
  return made;
}

function uncompared(terms: readonly HoldTerms[], why: string | null): readonly Reason[] {
  if (why === null || !terms.some(({ rehearse }) => rehearse)) return [];
  return [{ rule: null, code: "not-compared", text: `the real run is not compared with its rehearsal: ${why}` }];
}

const escaped = (text: string): string => text.replace(/[^\w]/g, "\\$&");

function hex(value: Uint8Array | null): string | null {
  return value === null ? null : `\\x${Buffer.from(value).toString("hex")}`;
}
