import { type Answer, both, either } from "./answer.js";
import type { About, Bound } from "./criteria/criterion.js";
import type { Looked } from "./looked.js";
import type { Situation } from "./policy.js";
import type { Selector } from "./selector.js";
import { testBound } from "./selector.js";

/**
 * A rule with its answer for one analysis as far as the shape tells it: a thousand rules are looked at once, and then only
 * those that the clock, a budget or the planner may still turn.
 */
export interface Live<Rule> {
  readonly rule: Rule;
  /** Of the clauses that the shape decides. */
  readonly fixed: Answer;
  readonly rest: readonly RestOfClause[];
}

interface RestOfClause {
  /** Of the clause's criteria on the shape; never no. */
  readonly base: Answer;
  readonly bounds: readonly Bound[];
}

/** A clause with its criteria apart: those that the shape decides, and those that may turn from one moment to the next. */
export interface SplitClause {
  readonly fixed: readonly Bound[];
  readonly rest: readonly Bound[];
}

/** A selector's clauses, split once; null: nothing is asked. `only`: criteria about anything else are taken to hold. */
export function split(selector: Selector, only: About | null = null): readonly SplitClause[] | null {
  if (selector === null) return null;
  return selector.map((clause) => {
    const asked = only === null ? clause : clause.filter((bound) => bound.about === only);
    return { fixed: asked.filter(isFixed), rest: asked.filter((bound) => !isFixed(bound)) };
  });
}

const isFixed = (bound: Bound): boolean => bound.dependsOn.every((dependence) => dependence === "shape");
const nothing: readonly RestOfClause[] = [];

/**
 * What is left of a rule once the shape is known; null: it says no whatever else may be. `also` is what else must hold; the
 * situation's time is not looked at.
 */
export function reduce<Rule>(
  rule: Rule,
  clauses: readonly SplitClause[] | null,
  situation: Situation,
  also: Answer = "yes",
): Live<Rule> | null {
  if (also === "no") return null;
  if (clauses === null) return { rule, fixed: also, rest: nothing };
  let fixed: Answer = "no";
  let left: RestOfClause[] | null = null;
  for (const clause of clauses) {
    const base = testAll(clause.fixed, situation, also);
    if (base === "no") continue;
    if (clause.rest.length > 0) left = [...(left ?? nothing), { base, bounds: clause.rest }];
    else fixed = either(fixed, base);
  }
  if (fixed === "yes") return { rule, fixed, rest: nothing };
  return fixed === "no" && left === null ? null : { rule, fixed, rest: left ?? nothing };
}

function testAll(bounds: readonly Bound[], situation: Situation, also: Answer): Answer {
  let answer = also;
  for (const bound of bounds) {
    answer = both(answer, bound.test(situation));
    if (answer === "no") return "no";
  }
  return answer;
}

/** What the rule answers now. */
export function answerOfLive(live: Live<unknown>, situation: Situation, looked: Looked): Answer {
  let answer = live.fixed;
  for (const { base, bounds } of live.rest) {
    let clause = base;
    for (const bound of bounds) {
      clause = both(clause, testBound(bound, situation, looked));
      if (clause === "no") break;
    }
    answer = either(answer, clause);
    if (answer === "yes") return "yes";
  }
  return answer;
}

/** The rules of a list that the analysis leaves alive. */
export function liveOf<Rule>(rules: readonly Rule[], live: (rule: Rule) => Live<Rule> | null): readonly Live<Rule>[] {
  const found: Live<Rule>[] = [];
  for (const rule of rules) {
    const one = live(rule);
    if (one) found.push(one);
  }
  return found;
}
