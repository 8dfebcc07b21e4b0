import type { Connection } from "../vocabulary/index.js";
import type { Demand } from "./policy.js";
import type { Rule } from "./rule.js";
import type { Scope } from "./scope.js";
import { needsOf } from "./selector.js";

/** What a protocol must be able to do for a rule to have its effect; see `Demand`. */
export function needsOfRule(rule: Rule): readonly string[] {
  const needs = new Set(needsOf(rule.when));
  switch (rule.kind) {
    case "access":
      // Where statements are not judged, anything may be done: a rule that lists `unknown` says just that.
      if (!rule.effects.includes("unknown")) needs.add("judge-statements");
      if (rule.roles !== null) needs.add("session-users");
      break;
    case "guard":
      // Without criteria, a denial refuses the connection itself, which needs no reading.
      if (rule.on !== "access" && (rule.when !== null || rule.action.kind !== "deny" || rule.on === "statements"))
        needs.add("judge-statements");
      if (rule.action.kind !== "deny") needs.add("hold");
      if (rule.action.kind === "hold" && rule.action.terms.rehearse) needs.add("rehearse");
      break;
    case "mask":
      if (rule.masks.length > 0) needs.add("mask-columns|mask-fields");
      if (rule.scan !== null) needs.add("mask-values");
      break;
    case "budget":
      needs.add("judge-statements");
      if (rule.measure === "rows") needs.add("rows");
      if (rule.measure === "subjects") needs.add("mask-columns");
      if (rule.action.kind === "hold") needs.add("hold");
      break;
    case "request":
      break;
  }
  return [...needs];
}

/**
 * What the enforced rules of a scope need. Access rules are alternatives: where one asks for nothing, the others need not be
 * honoured, for they could not let through any less.
 */
export function demandsOf(scope: Scope): readonly Demand[] {
  const demand = (rule: Rule): Demand => ({ rule: rule.id, kind: rule.kind, needs: needsOfRule(rule) });
  const access = scope.access.map(demand);
  const all = [...scope.guards, ...scope.masks, ...scope.budgets].map(demand);
  if (access.every(({ needs }) => needs.length > 0)) all.push(...access);
  // Roles bound the session's user whatever else lets it in: no other rule stands in for them.
  else all.push(...scope.access.filter(({ roles }) => roles !== null).map(demand));
  return all.filter(({ needs }) => needs.length > 0);
}

/** What can be told of a protocol without speaking it. */
export interface Abilities {
  readonly name: string;
  readonly title: string;
  readonly can: ReadonlySet<string>;
  /** Names of the attributes that it publishes. */
  readonly attributes: readonly string[];
}

/** What of these needs a protocol cannot meet. */
export function lacksOf(needs: readonly string[], { can, attributes }: Abilities): readonly string[] {
  const has = (need: string) =>
    need.startsWith("attribute:") ? attributes.includes(need.slice("attribute:".length)) : can.has(need);
  // One of several will do: `mask-columns|mask-fields`.
  return needs.filter((need) => !need.split("|").some(has));
}

/** Why a connection must be refused rather than opened with rules that would have no effect; null: all are honoured. */
export function unmetDemand(demands: readonly Demand[], protocol: Abilities): string | null {
  for (const { rule, kind, needs } of demands) {
    const lacks = lacksOf(needs, protocol);
    if (lacks.length > 0) return `${kind} "${rule}" ${lackText(lacks, protocol)}`;
  }
  return null;
}

export function lackText(lacks: readonly string[], { title }: Pick<Abilities, "title">): string {
  const words = lacks.map((need) =>
    need.startsWith("attribute:")
      ? `statements with the attribute "${need.slice("attribute:".length)}"`
      : need.replaceAll("|", " or "),
  );
  return `needs ${words.join(", ")}, which ${title} does not have here`;
}

/** For plans: a rule on a connection. */
export function concernsConnection(rule: Rule, connection: Connection): boolean {
  return (rule.where ?? [[]]).some((clause) =>
    clause.every((bound) => bound.test({ connection } as Parameters<typeof bound.test>[0]) !== "no"),
  );
}
