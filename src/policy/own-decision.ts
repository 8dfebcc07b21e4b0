import type { PermitPurpose } from "../vocabulary/index.js";
import type { Decision, PolicySet } from "./policy.js";

/**
 * The decision for what Hoop itself sends (reading a catalogue, creating a user), to mint a permit from. It never lets a
 * client's statement pass: those are `forward`.
 */
export function ownDecision(set: PolicySet, purpose: Exclude<PermitPurpose, "forward">): Decision {
  return {
    verdict: {
      outcome: "allow",
      reasons: [{ rule: null, code: "own", text: `Hoop itself asks this, to ${purpose}` }],
      policyVersion: set.version,
    },
    dependsOn: shape,
  };
}

const shape: Decision["dependsOn"] = new Set(["shape"]);
