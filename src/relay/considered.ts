import type { Decision } from "../policy/policy.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import type { Analysis, Catalogue, MaskPlan, Reason } from "../vocabulary/index.js";
import type { Approval } from "./approved.js";

/** An ask, read and decided. */
export interface Considered {
  readonly analysis: SqlAnalysis;
  /** As the record has it. */
  readonly recorded: Analysis;
  readonly catalogue: Catalogue;
  readonly decision: Decision;
  readonly masks: MaskPlan | null;
  /** It cannot be masked, so it may not run whoever approves. */
  readonly unmaskable: readonly Reason[] | null;
}

/** What an approval was used for, in case the very same is asked again before it has run. */
export interface Standing {
  readonly core: string;
  readonly nonce: string;
  readonly approval: Approval;
}
