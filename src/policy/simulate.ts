import type { ColumnMask } from "../vocabulary/index.js";
import { type Answer, answerOf, both } from "./answer.js";
import type { CompiledPolicy } from "./compile.js";
import { isConnect } from "./connect.js";
import type { Bound } from "./criteria/criterion.js";
import { explainRule } from "./explain.js";
import { createLooked } from "./looked.js";
import type { Decision, Situation } from "./policy.js";
import type { Rule, RuleKind } from "./rule.js";
import type { Selector } from "./selector.js";
import { testSelector } from "./selector.js";

/** What one criterion of a rule said. */
export interface CriterionTrial {
  readonly block: "who" | "except" | "where" | "effects" | "when";
  /** Which of the block's alternatives, from 0. */
  readonly clause: number;
  readonly criterion: string;
  readonly answer: Answer;
  readonly code: string;
  readonly text: string;
}

/** What one rule made of the situation. */
export interface RuleTrial {
  readonly rule: string;
  readonly kind: RuleKind;
  readonly text: string;
  readonly answer: Answer;
  /** What came of it: an access rule allows on a yes only, guards, budgets and masks take unknown for a yes. */
  readonly counts: "allows" | "denies" | "holds" | "challenges" | "masks" | "counts" | "nothing";
  readonly criteria: readonly CriterionTrial[];
}

export interface Simulation {
  readonly decision: Decision;
  readonly rules: readonly RuleTrial[];
  readonly masks: readonly ColumnMask[];
}

/** Decides and tells what every rule and every criterion said: why was I refused, what would happen if. */
export function simulate(set: CompiledPolicy, situation: Situation): Simulation {
  return {
    decision: set.decide(situation),
    rules: set.rules.map((rule) => tryRule(rule, situation)),
    masks: set.masksFor(situation.subject, situation.connection, situation.now).masks,
  };
}

function tryRule(rule: Rule, situation: Situation): RuleTrial {
  const looked = createLooked();
  const connecting = rule.kind === "access" && isConnect(situation.analysis);
  const excepted = rule.exceptEveryone
    ? "yes"
    : rule.except === null
      ? "no"
      : testSelector(rule.except, situation, looked);
  const parts: Answer[] = [
    testSelector(rule.who, situation, looked),
    excepted === "unknown" ? "unknown" : answerOf(excepted === "no"),
    testSelector(rule.where, situation, looked),
    testSelector(rule.when, situation, looked, connecting ? "clock" : null),
  ];
  const passedOver = isConnect(situation.analysis) ? "statements" : "access";
  if (rule.kind === "guard" && rule.on === passedOver) parts.push("no");
  if (rule.kind === "budget" && isConnect(situation.analysis)) parts.push("no");
  const covers = rule.kind === "access" && !connecting ? rule.covers : null;
  if (covers) parts.push(covers.test(situation));
  const answer = parts.reduce(both, "yes");
  return {
    rule: rule.id,
    kind: rule.kind,
    text: explainRule(rule),
    answer,
    counts: countsOf(rule, answer),
    criteria: [
      ...trials("who", rule.who, situation),
      ...trials("except", rule.except, situation),
      ...trials("where", rule.where, situation),
      ...(covers ? [trial("effects", 0, covers, situation)] : []),
      ...trials("when", connecting ? clockOnly(rule.when) : rule.when, situation),
    ],
  };
}

// Opening a connection asks an access rule for nothing else.
function clockOnly(selector: Selector): Selector {
  return selector?.map((clause) => clause.filter((bound) => bound.about === "clock")) ?? null;
}

const stops = { deny: "denies", hold: "holds", challenge: "challenges" } as const;

function countsOf(rule: Rule, answer: Answer): RuleTrial["counts"] {
  // What only watches, and what only says what may be asked for, decides nothing.
  if (rule.mode === "shadow" || rule.kind === "request") return "nothing";
  if (rule.kind === "access") return answer === "yes" ? "allows" : "nothing";
  if (answer === "no") return "nothing";
  switch (rule.kind) {
    case "guard":
      return stops[rule.action.kind];
    case "budget":
      return "counts";
    case "mask":
      return "masks";
  }
}

function trials(block: CriterionTrial["block"], selector: Selector, situation: Situation): CriterionTrial[] {
  return (selector ?? []).flatMap((clause, number) => clause.map((bound) => trial(block, number, bound, situation)));
}

function trial(block: CriterionTrial["block"], clause: number, bound: Bound, situation: Situation): CriterionTrial {
  const answer = bound.test(situation);
  return {
    block,
    clause,
    criterion: bound.criterion.name,
    answer,
    code: bound.criterion.reasons[answer],
    text: bound.explain(),
  };
}
