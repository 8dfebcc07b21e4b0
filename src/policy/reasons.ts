import type { Analysis, Reason } from "../vocabulary/index.js";
import type { Answer } from "./answer.js";
import { isConnect } from "./connect.js";
import type { Bound } from "./criteria/criterion.js";
import { isUnreadable } from "./criteria/effects.js";
import type { BudgetKey, Situation } from "./policy.js";
import type { AccessRule, BudgetRule, GuardRule, RequestRule } from "./rule.js";
import { joinAnd, joinOr } from "./words.js";

const does = {
  deny: "refuses this",
  hold: "holds this for review",
  challenge: "asks for a second factor",
} as const;

/** Why a guard caught: its own words where it has some, else its criteria as a sentence. */
export function guardReason(rule: GuardRule, situation: Situation, answer: Answer): Reason {
  const stops = `guard "${rule.id}" ${does[rule.action.kind]}`;
  if (rule.when === null) {
    return { rule: rule.id, code: "guarded", text: `${stops}: ${rule.reason ?? "it catches everything here"}` };
  }
  const clause = rule.when.find((one) => answerOfClause(one, situation) === answer) ?? rule.when[0]!;
  const telling = clause.find((bound) => bound.test(situation) === "unknown") ?? clause[0]!;
  const code = telling.criterion.reasons[answer === "yes" ? "yes" : "unknown"];
  const criteria = joinAnd(clause.map((bound) => bound.explain()));
  const said =
    answer === "yes"
      ? (rule.reason ?? `it ${criteria}${met(clause, situation)}`)
      : `it cannot be told whether it ${criteria}${because(situation.analysis)}`;
  return { rule: rule.id, code, text: `${stops}: ${said}` };
}

/** `no-escape-hatches` alone does not tell anybody what in a long statement it was. */
function met(clause: readonly Bound[], situation: Situation): string {
  const words = clause.flatMap((bound) => bound.found(situation)).slice(0, 3);
  return words.length === 0 ? "" : ` (${words.map((word) => word.slice(0, 100)).join(", ")})`;
}

const counted = {
  rows: "rows",
  bytes: "bytes",
  statements: "statements",
  subjects: "different people's data",
} as const;
const windows = { session: "this session", hour: "an hour", day: "a day" } as const;

/** Why a budget stops or warns; `used` null: nobody knows what was used. */
export function budgetReason(rule: BudgetRule, key: BudgetKey, used: number | null): Reason {
  const whose = rule.of === "subject" ? "" : key.owner === "*" ? " for everybody" : ` for ${key.owner}`;
  const limit = `${rule.limit} ${counted[rule.measure]} in ${windows[rule.window]}${whose}`;
  const told = used === null ? "what was used cannot be told" : `${used} are used up`;
  const text = `budget "${rule.id}" allows ${limit}, and ${told}${rule.reason === null ? "" : ` (${rule.reason})`}`;
  return { rule: rule.id, code: used === null ? "budget-unknown" : "budget-used-up", text };
}

/** Until the planner has been asked. */
export const estimateNeeded: Reason = Object.freeze({
  rule: null,
  code: "estimate-needed",
  text: "a rule asks what the target's planner expects, and it has not been asked",
});

/** That what is missing may be asked for; null: no rule says so. */
export function requestable(
  requests: readonly RequestRule[],
  { connection, analysis }: Situation,
  connecting: boolean,
): Reason | null {
  const rule = requests.find(
    ({ effects }) => connecting || analysis.effects.every((effect) => effects.includes(effect)),
  );
  return rule
    ? {
        rule: rule.id,
        code: "access-requestable",
        text: `access may be asked for: hoop review request ${connection.name}`,
      }
    : null;
}

function answerOfClause(clause: readonly Bound[], situation: Situation): Answer {
  const answers = clause.map((bound) => bound.test(situation));
  if (answers.includes("no")) return "no";
  return answers.includes("unknown") ? "unknown" : "yes";
}

/** Which access rule let it through. */
export function accessYes(rule: AccessRule, situation: Situation): Reason {
  const what = isConnect(situation.analysis)
    ? `${situation.subject.name} to connect to ${situation.connection.name}`
    : "this";
  return { rule: rule.id, code: "access-allowed", text: `access "${rule.id}" allows ${what}` };
}

/** Why an access rule for this subject and connection does not cover the statement. */
export function accessMiss(rule: AccessRule, situation: Situation): Reason {
  const name = `access "${rule.id}"`;
  const { analysis } = situation;
  if (!isConnect(analysis)) {
    const covered = rule.covers.test(situation);
    if (covered === "no") {
      const beyond = analysis.effects.filter((effect) => effect !== "unknown" && !rule.effects.includes(effect));
      return {
        rule: rule.id,
        code: "effects-not-allowed",
        text: `${name} allows ${joinAnd(rule.effects)} only, and this may ${joinOr(beyond)}`,
      };
    }
    if (covered === "unknown") {
      return {
        rule: rule.id,
        code: "effects-unknown",
        text: `this could not be read in full${because(analysis)}, and ${name} allows only what can`,
      };
    }
  }
  const about = isConnect(analysis) ? "clock" : null;
  for (const clause of rule.when ?? []) {
    const asked = clause.filter((bound) => about === null || bound.about === about);
    const missed = asked.find((bound) => bound.test(situation) !== "yes");
    if (!missed) continue;
    const answer = missed.test(situation);
    const said =
      answer === "unknown" ? `and it cannot be told whether it does${because(analysis)}` : "and this does not";
    return {
      rule: rule.id,
      code: missed.criterion.reasons[answer],
      text: `${name} allows this only if it ${missed.explain()}, ${said}`,
    };
  }
  return { rule: rule.id, code: "access-not-matched", text: `${name} does not cover this` };
}

/** No access rule is about this subject and connection. */
export function noAccess({ subject, connection }: Situation): Reason {
  return {
    rule: null,
    code: "no-access",
    text: `no access rule lets ${subject.name} use ${connection.name}`,
  };
}

function because(analysis: Analysis): string {
  if (!isUnreadable(analysis)) return "";
  const told = analysis.unknowns.slice(0, 3).map((text) => text.slice(0, 200));
  return told.length > 0 ? ` (${told.join("; ")})` : " (part of the statement could not be read)";
}
