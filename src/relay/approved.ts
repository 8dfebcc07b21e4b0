import type { Decision } from "../policy/policy.js";
import type { ReviewState } from "../reviews/desk.js";
import { HoopError, type RuleId } from "../vocabulary/index.js";

/** A review that was approved and used for one statement. */
export interface Approval {
  readonly review: string;
  readonly state: Extract<ReviewState, { readonly state: "approved" }>;
}

/**
 * The decision to let through what rules hold, as the approval that they ask for is there and used up. Throws unless it is a
 * hold: an approval outweighs nothing else. `uncompared`: why its run is held to no rehearsal, where a rule asks for one.
 */
export function approvedDecision(
  decision: Decision,
  { review, state }: Approval,
  uncompared: string | null = null,
): Decision {
  const { verdict } = decision;
  if (verdict.outcome !== "hold")
    throw new HoopError("internal", "an approval was used for something that no rule holds");
  const by = state.by.length === 0 ? "" : ` by ${state.by.join(", ")}`;
  const text = state.breakGlass
    ? `review ${review}: gone ahead without approval (break-glass)${by}`
    : `review ${review}: approved${by}`;
  const code = state.breakGlass ? "break-glass" : "approved";
  const rule = verdict.holds?.[0]?.rule ?? null;
  const notCompared =
    uncompared === null
      ? []
      : [{ rule, code: "not-compared", text: `its run is not compared with a rehearsal: ${uncompared}` }];
  return {
    ...decision,
    verdict: {
      ...verdict,
      outcome: "allow",
      reasons: [{ rule, code, text }, ...notCompared, ...verdict.reasons],
    },
  };
}

/** The decision to let something be prepared that is held or challenged when it is to run: preparing runs nothing. */
export function preparedDecision(decision: Decision): Decision {
  const { verdict } = decision;
  if (verdict.outcome !== "hold" && verdict.outcome !== "challenge") return decision;
  const text =
    verdict.outcome === "hold"
      ? "it is only prepared; each execution waits for approval"
      : "it is only prepared; each execution asks for a second factor";
  const rule: RuleId | null = verdict.holds?.[0]?.rule ?? verdict.challenges?.[0]?.rule ?? null;
  return {
    ...decision,
    verdict: { ...verdict, outcome: "allow", reasons: [{ rule, code: "only-prepared", text }, ...verdict.reasons] },
  };
}
