import type { Outcome } from "../../vocabulary/index.js";
import type { CompiledPolicy } from "../compile.js";
import type { Decision, Situation } from "../policy.js";

/** What would become of a recorded statement. */
export interface Tried {
  readonly outcome: Outcome | "unknown";
  readonly reasons: readonly string[];
  readonly masks: readonly string[];
}

const none: readonly string[] = [];
const nothingPlanned = { rows: 0, cost: 0, scans: [] };

/** Tried results of decisions that rest on the shape alone: the same object each time, so its texts are made once. */
const settled = new WeakMap<Decision, Tried>();

/**
 * Decides twice where the answer rests on what was not kept (budgets, second factors, estimates): as if all of it were
 * harmless, and as if nothing of it were known. Only where both agree is the outcome told.
 */
export function tryStatement(
  set: CompiledPolicy,
  situation: Pick<Situation, "subject" | "connection" | "analysis" | "now">,
): Tried {
  const strict = set.decide(situation);
  const known = settled.get(strict);
  if (known) return known;
  const tried = triedFrom(strict);
  if (strict.dependsOn.size === 1) {
    settled.set(strict, tried);
    return tried;
  }
  const missing = (["budget", "freshness", "estimate"] as const).filter((one) => strict.dependsOn.has(one));
  if (missing.length === 0) return tried;
  const blind = strict.needs ? triedFrom(set.decide({ ...situation, estimate: null })) : tried;
  const lax = set.decide({ ...situation, usage: () => 0, freshness: () => 0, estimate: nothingPlanned });
  if (lax.verdict.outcome === blind.outcome) return blind;
  return { outcome: "unknown", reasons: [`it rests on what was not kept: ${missing.join(", ")}`], masks: none };
}

const triedFrom = ({ verdict }: Decision): Tried => ({
  outcome: verdict.outcome,
  reasons: verdict.reasons.map(({ text }) => text),
  masks: none,
});
