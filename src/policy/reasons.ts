import type { Analysis, Reason } from "../vocabulary/index.js";
import type { Answer } from "./answer.js";
import { isConnect } from "./connect.js";
import type { Bound } from "./criteria/criterion.js";
import { isUnreadable } from "./criteria/effects.js";
import type { Situation } from "./policy.js";
import type { AccessRule, GuardRule } from "./rule.js";
import { joinAnd, joinOr } from "./words.js";

/** Why a guard caught: its own words where it has some, else its criteria as a sentence. */
export function guardReason(rule: GuardRule, situation: Situation, answer: Answer): Reason {
  const name = `guard "${rule.id}"`;
  if (rule.when === null) {
    return {
      rule: rule.id,
      code: "guarded",
      text: `${name} refuses this: ${rule.reason ?? "it catches everything here"}`,
    };
  }
  const clause = rule.when.find((one) => answerOfClause(one, situation) === answer) ?? rule.when[0]!;
  const telling = clause.find((bound) => bound.test(situation) === "unknown") ?? clause[0]!;
  const code = telling.criterion.reasons[answer === "yes" ? "yes" : "unknown"];
  if (answer === "yes") {
    const said = rule.reason ?? `it ${joinAnd(clause.map((bound) => bound.explain()))}`;
    return { rule: rule.id, code, text: `${name} refuses this: ${said}` };
  }
  return {
    rule: rule.id,
    code,
    text: `${name} refuses this: it cannot be told whether it ${joinAnd(clause.map((bound) => bound.explain()))}${because(situation.analysis)}`,
  };
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
    const asked = clause.filter((bound) => about === null || bound.criterion.about === about);
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
