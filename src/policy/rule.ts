import { type ColumnMask, type Effect, type Mask, type RuleId, ruleId } from "../vocabulary/index.js";
import type { Bound } from "./criteria/criterion.js";
import { effects as effectsCriterion } from "./criteria/effects.js";
import type { ParsedDocument, PolicyKind } from "./documents/index.js";
import type { Selector } from "./selector.js";
import { dependencesOf } from "./selector.js";

interface RuleBase {
  readonly kind: PolicyKind;
  readonly id: RuleId;
  readonly who: Selector;
  /** Null: nobody is excepted. */
  readonly except: Selector;
  /** `except: everyone`: the rule counts for nobody. */
  readonly exceptEveryone: boolean;
  readonly where: Selector;
  readonly when: Selector;
}

export interface AccessRule extends RuleBase {
  readonly kind: "access";
  readonly effects: readonly Effect[];
  readonly covers: Bound;
  /** Decided by the statement alone: tried before rules that look at the clock. */
  readonly timeless: boolean;
}

export interface GuardRule extends RuleBase {
  readonly kind: "guard";
  readonly action: "deny";
  readonly reason: string | null;
}

export interface MaskRule extends RuleBase {
  readonly kind: "mask";
  readonly masks: readonly ColumnMask[];
}

export type Rule = AccessRule | GuardRule | MaskRule;

/** A rule of a parsed document; null when the document is switched off. */
export function ruleFrom(parsed: ParsedDocument): Rule | null {
  const { spec } = parsed;
  if (spec.enabled === false) return null;
  const base = {
    id: ruleId(parsed.metadata.name),
    who: spec.who ?? null,
    except: spec.except ?? null,
    exceptEveryone: spec.except === null,
    where: spec.where ?? null,
    when: spec.when ?? null,
  };
  if (parsed.kind === "access") {
    const { effects } = parsed.spec;
    return {
      ...base,
      kind: "access",
      effects,
      covers: effectsCriterion.bind({ only: effects }),
      timeless: !dependencesOf(base.when).has("clock"),
    };
  }
  if (parsed.kind === "guard") {
    return { ...base, kind: "guard", action: parsed.spec.action, reason: parsed.spec.reason ?? null };
  }
  const { mask, columns } = parsed.spec;
  return {
    ...base,
    kind: "mask",
    masks: columns.map((pattern) => ({ rule: base.id, pattern, mask: maskFrom(mask) })),
  };
}

function maskFrom(spec: {
  method: Mask["method"];
  as?: "email" | "card" | "phone" | "text" | undefined;
  value?: string | undefined;
}): Mask {
  switch (spec.method) {
    case "partial":
      return { method: "partial", as: spec.as ?? "text" };
    case "fixed":
      return { method: "fixed", value: spec.value ?? "***" };
    default:
      return { method: spec.method };
  }
}
