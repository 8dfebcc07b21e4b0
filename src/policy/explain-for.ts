import type { Connection, Effect, Grant, Subject } from "../vocabulary/index.js";
import type { CompiledPolicy } from "./compile.js";
import { connectAnalysis } from "./connect.js";
import { type Concerned, explainRule } from "./explain.js";
import { createLooked } from "./looked.js";
import type { Situation } from "./policy.js";
import type { Rule } from "./rule.js";
import { testSelector } from "./selector.js";
import { joinAnd, joinOr } from "./words.js";

/** One thing that holds for a subject on a connection, with the rule that says so. */
export interface ExplainedRule {
  readonly rule: string;
  readonly kind: Rule["kind"] | "grant";
  readonly mode: "enforce" | "shadow";
  readonly text: string;
}

/** What a subject may do on a connection, and why. */
export interface ExplainedAccess {
  readonly subject: string;
  readonly connection: string;
  /** What becomes of opening the connection now. */
  readonly connect: { readonly outcome: string; readonly reasons: readonly string[] };
  /** Effects that some rule allows, alone or with others; a guard may still refuse a statement. */
  readonly effects: readonly Effect[];
  /** The whole story, to be read from the top. */
  readonly sentences: readonly string[];
  readonly rules: readonly ExplainedRule[];
}

/**
 * Reads out every rule that concerns this subject on this connection, in the order in which they are applied. `own`: to that
 * subject, who may not read rules, so nothing in it is of other people, groups and connections.
 */
export function explainFor(
  set: CompiledPolicy,
  situation: Pick<Situation, "now" | "grants" | "freshness"> & {
    readonly subject: Subject;
    readonly connection: Connection;
  },
  { own = false }: { readonly own?: boolean } = {},
): ExplainedAccess {
  const { subject, connection, now } = situation;
  const scope = set.scope(subject, connection);
  const grants = (situation.grants ?? []).filter(
    (grant) =>
      grant.subject === subject.id &&
      grant.connections.includes(connection.id) &&
      grant.since <= now &&
      now < grant.until,
  );
  const connecting = { ...situation, analysis: connectAnalysis(connection) };
  const { outcome, reasons } = set.decide(connecting).verdict;
  const { name, groups } = subject;
  const to: Concerned | null = !own
    ? null
    : {
        ...{ subject: name, groups, connection: connection.name },
        exempts: (who) => testSelector(who, connecting, createLooked()) !== "no",
      };
  const effects = [
    ...new Set([...scope.access.flatMap((rule) => rule.effects), ...grants.flatMap((grant) => grant.effects)]),
  ];
  const { guards, masks, budgets, requests, reveals, shadow } = scope;
  const rules: ExplainedRule[] = [
    ...scope.access.map(told),
    ...grants.map(grantTold),
    ...[...guards, ...budgets, ...masks, ...requests, ...reveals].map(told),
    ...(shadow ? [...shadow.access, ...shadow.guards, ...shadow.budgets, ...shadow.masks].map(told) : []),
  ];
  return {
    subject: subject.name,
    connection: connection.name,
    connect: { outcome, reasons: reasons.map(({ text }) => text) },
    effects,
    sentences: sentencesOf(situation, outcome, reasons[0]?.text ?? "", effects, rules),
    rules,
  };

  function told(rule: Rule): ExplainedRule {
    return { rule: rule.id, kind: rule.kind, mode: rule.mode, text: explainRule(rule, to) };
  }

  function grantTold({ id, effects: given, until }: Grant): ExplainedRule {
    const end = new Date(until).toISOString().slice(0, 16).replace("T", " ");
    const text = `Grant ${id} lets ${subject.name} use ${connection.name} with statements that do nothing but ${joinOr(given)}, until ${end} UTC.`;
    return { rule: id, kind: "grant", mode: "enforce", text };
  }
}

const opening = {
  allow: "may open",
  deny: "may not open",
  hold: "may open, once people have approved it,",
  challenge: "may open, after a second factor,",
} as const;

function sentencesOf(
  { subject, connection }: { readonly subject: Subject; readonly connection: Connection },
  outcome: keyof typeof opening,
  why: string,
  effects: readonly Effect[],
  rules: readonly ExplainedRule[],
): string[] {
  const of = (kinds: readonly string[], mode = "enforce") =>
    rules
      .filter((rule) => kinds.includes(rule.kind) && rule.mode === mode)
      .map((rule) => `${rule.text} [${rule.rule}]`);
  const may = of(["access", "grant"]);
  const told = [`${subject.name} ${opening[outcome]} ${connection.name}: ${why}.`];
  if (may.length === 0) told.push("No access rule or grant is about them there, so every statement is refused.");
  else told.push(`Statements may ${joinAnd(effects)}, as far as one of these rules alone covers them:`, ...may);
  const section = (title: string, lines: readonly string[]) => (lines.length > 0 ? told.push(title, ...lines) : 0);
  section("Whatever these allow:", of(["guard"]));
  section("Of what is let through, this much:", of(["budget"]));
  section("Of what comes back, this is masked:", of(["mask"]));
  section("This may be asked for:", of(["request"]));
  section("These rules only watch:", of(["access", "guard", "budget", "mask"], "shadow"));
  return told;
}
