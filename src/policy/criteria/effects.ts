import type { z } from "zod";
import type { Analysis, Effect } from "../../vocabulary/index.js";
import { effects as words } from "../../vocabulary/index.js";
import type { Answer } from "../answer.js";
import { answerOf } from "../answer.js";
import { manyOf, oneOf, strict } from "../schema.js";
import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";

export const effectSchema = oneOf(words);

interface Wanted {
  readonly only?: readonly Effect[] | undefined;
  readonly any?: readonly Effect[] | undefined;
}

/** `effects: { any: [write, destroy] }` suits rules that deny, `{ only: [read] }` suits rules that allow. */
export const effects = criterion({
  name: "effects",
  about: "statement",
  summary:
    "`only`: the statement does nothing but these. `any`: it may do one of these. An `unknown` effect answers unknown, unless the rule names `unknown` itself.",
  example: { any: ["write", "destroy"] },
  data: strict({
    only: manyOf(effectSchema).optional(),
    any: manyOf(effectSchema).optional(),
  }).refine(({ only, any }) => (only === undefined) !== (any === undefined), "say either `only` or `any`") as z.ZodType<
    Wanted,
    unknown
  >,
  test: ({ only, any }, { analysis }) => (only ? testOnly(only, analysis) : testAny(any ?? [], analysis)),
  dependsOn: "shape",
  needs: ["judge-statements"],
  reasons: { yes: "effects-matched", no: "effects-not-matched", unknown: "effects-unknown" },
  explain: ({ only, any }) => (only ? `does nothing but ${joinOr(only)}` : `may ${joinOr(any ?? [])}`),
});

function testOnly(only: readonly Effect[], analysis: Analysis): Answer {
  let answer: Answer = "yes";
  for (const effect of analysis.effects) {
    if (only.includes(effect)) continue;
    if (effect !== "unknown") return "no";
    answer = "unknown";
  }
  // Words without the effect are an analyser's slip; they count the same.
  return analysis.unknowns.length > 0 && !only.includes("unknown") ? "unknown" : answer;
}

function testAny(any: readonly Effect[], analysis: Analysis): Answer {
  if (analysis.effects.some((effect) => any.includes(effect))) return "yes";
  return isUnreadable(analysis) ? "unknown" : answerOf(false);
}

/** Something about the statement could not be read: what it names may not be all there is. */
export function isUnreadable(analysis: Analysis): boolean {
  return analysis.unknowns.length > 0 || analysis.effects.includes("unknown");
}
