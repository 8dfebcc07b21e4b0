import {
  type ChallengeTerms,
  type ColumnMask,
  type Effect,
  type HoldTerms,
  type Mask,
  type RuleId,
  ruleId,
  type ScanRule,
} from "../vocabulary/index.js";
import type { Bound } from "./criteria/criterion.js";
import { effects as effectsCriterion } from "./criteria/effects.js";
import { groupsOf } from "./documents/budget.js";
import { modeOf } from "./documents/common.js";
import type { Exemption } from "./documents/exemption.js";
import type { ParsedDocument } from "./documents/index.js";
import { challengeTerms, holdTerms } from "./documents/terms.js";
import { type SplitClause, split } from "./live.js";
import type { BudgetMeasure, BudgetWindow } from "./policy.js";
import type { Selector } from "./selector.js";
import { dependencesOf } from "./selector.js";

/** Kinds of documents that are rules. */
export type RuleKind = Exclude<ParsedDocument["kind"], "test">;

interface RuleBase {
  readonly kind: RuleKind;
  readonly id: RuleId;
  /** `shadow`: what it would have done is told, and nothing else comes of it. */
  readonly mode: "enforce" | "shadow";
  readonly who: Selector;
  /** Null: nobody is excepted. */
  readonly except: Selector;
  /** `except: everyone`: the rule counts for nobody. */
  readonly exceptEveryone: boolean;
  readonly where: Selector;
  readonly when: Selector;
  /** `when`, as decisions take it. */
  readonly clauses: readonly SplitClause[] | null;
}

export interface AccessRule extends RuleBase {
  readonly kind: "access";
  readonly effects: readonly Effect[];
  readonly covers: Bound;
  /** What of `when` is asked when a connection is opened: the time. */
  readonly opening: readonly SplitClause[] | null;
  /** Roles at the target for the session's user; null: it says nothing of them. */
  readonly roles: readonly string[] | null;
  /** Decided by the statement alone: tried before rules that look at the clock. */
  readonly timeless: boolean;
}

/** What comes of a statement that a guard or a budget stops. */
export type Action =
  | { readonly kind: "deny" }
  | { readonly kind: "hold"; readonly terms: HoldTerms }
  | { readonly kind: "challenge"; readonly terms: ChallengeTerms };

export interface GuardRule extends RuleBase {
  readonly kind: "guard";
  /** Null: statements and access. */
  readonly on: "statements" | "access" | null;
  readonly action: Action;
  readonly reason: string | null;
}

export interface BudgetRule extends RuleBase {
  readonly kind: "budget";
  readonly measure: BudgetMeasure;
  readonly column: string | undefined;
  readonly limit: number;
  readonly window: BudgetWindow;
  readonly of: "subject" | "everyone" | { readonly groups: readonly string[] };
  readonly action: Exclude<Action, { kind: "challenge" }> | { readonly kind: "warn" };
  readonly reason: string | null;
}

export interface RequestRule extends RuleBase {
  readonly kind: "request";
  /** Empty: it is about tokens. */
  readonly effects: readonly Effect[];
  readonly maxMs: number;
  /** Purposes whose tokens may be asked to be turned back; empty: it is about access. */
  readonly reveals: readonly string[];
  readonly terms: HoldTerms;
}

export interface MaskRule extends RuleBase {
  readonly kind: "mask";
  readonly masks: readonly ColumnMask[];
  /** What it finds in values; null: nothing. */
  readonly scan: ScanRule | null;
  /** For whom it does not count for now or for a purpose. */
  readonly exempt: readonly Exemption[];
}

export type Rule = AccessRule | GuardRule | MaskRule | BudgetRule | RequestRule;

const deny: Action = { kind: "deny" };

/** A rule of a parsed document; null when it is switched off, or no rule but a test. */
export function ruleFrom(parsed: ParsedDocument): Rule | null {
  if (parsed.kind === "test") return null;
  const mode = modeOf(parsed.spec);
  if (mode === "off") return null;
  const { spec } = parsed;
  const base = {
    id: ruleId(parsed.metadata.name),
    mode,
    who: spec.who ?? null,
    except: spec.except ?? null,
    exceptEveryone: spec.except === null,
    where: spec.where ?? null,
    when: spec.when ?? null,
    clauses: split(spec.when ?? null),
  };
  switch (parsed.kind) {
    case "access":
      return {
        ...base,
        kind: "access",
        effects: parsed.spec.effects,
        covers: effectsCriterion.bind({ only: parsed.spec.effects }),
        opening: split(base.when, "clock"),
        roles: parsed.spec.roles ?? null,
        timeless: !dependencesOf(base.when).has("clock"),
      };
    case "guard": {
      const { on = null, reason = null } = parsed.spec;
      return { ...base, kind: "guard", on, action: guardAction(base.id, parsed.spec), reason };
    }
    case "budget":
      return { ...base, ...budgetParts(base.id, base.who, parsed.spec) };
    case "request": {
      const { effects = [], longest = 0, reveal = [], approve } = parsed.spec;
      const terms = holdTerms(base.id, approve);
      return { ...base, kind: "request", effects, maxMs: longest, reveals: reveal, terms };
    }
    case "mask":
      return { ...base, ...maskParts(base.id, parsed.spec) };
  }
}

type SpecOf<Kind extends RuleKind> = Extract<ParsedDocument, { kind: Kind }>["spec"];

function guardAction(id: RuleId, { action, hold, challenge }: SpecOf<"guard">): Action {
  // The schema has seen to it that what an action needs is there; were it not, the statement is refused.
  if (action === "hold" && hold) return { kind: "hold", terms: holdTerms(id, hold) };
  if (action === "challenge" && challenge) return { kind: "challenge", terms: challengeTerms(id, challenge) };
  return deny;
}

function budgetParts(
  id: RuleId,
  who: Selector,
  spec: SpecOf<"budget">,
): Omit<BudgetRule, keyof RuleBase> & { kind: "budget" } {
  const { measure, column, limit, per, of = "subject", action, hold, reason = null } = spec;
  return {
    kind: "budget",
    measure,
    column,
    limit,
    window: per,
    of: of === "group" ? { groups: groupsOf(who) ?? [] } : of,
    action:
      action === "warn" ? { kind: "warn" } : hold ? { kind: "hold", terms: holdTerms(id, hold) } : { kind: "deny" },
    reason,
  };
}

function maskParts(id: RuleId, spec: SpecOf<"mask">) {
  const { mask, columns = [], detect = [], patterns = [], keys, bytes, exempt } = spec;
  const scans = detect.length + patterns.length > 0;
  return {
    kind: "mask" as const,
    masks: columns.map((pattern) => ({ rule: id, pattern, mask: maskFrom(mask), ...oracles(spec) })),
    // Without `as`, what was found says what it looks like.
    scan: scans
      ? { rule: id, detect, patterns, mask: maskFrom(mask), keys: keys === true, bytes: bytes === true }
      : null,
    exempt: exempt ?? [],
  };
}

function oracles({ predicates, budget, counts }: SpecOf<"mask">): Pick<ColumnMask, "predicates" | "counts"> {
  const said = predicates === "budget" ? { statementsPerHour: budget ?? 1 } : predicates;
  return { ...(said === undefined ? {} : { predicates: said }), ...(counts === undefined ? {} : { counts }) };
}

function maskFrom(spec: {
  method: Mask["method"];
  as?: "email" | "card" | "phone" | "text" | undefined;
  value?: string | undefined;
  purpose?: string | undefined;
  domain?: string | undefined;
  lastFour?: boolean | undefined;
}): Mask {
  switch (spec.method) {
    case "partial":
      return { method: "partial", as: spec.as };
    case "tokenize": {
      // A schema refuses both: no purpose, and a phone's form, which is that of text.
      const { purpose = "", as, domain, lastFour } = spec;
      return { method: "tokenize", purpose, as: as === "phone" ? "text" : as, domain, lastFour };
    }
    case "fixed":
      return { method: "fixed", value: spec.value ?? "***" };
    default:
      return { method: spec.method };
  }
}
