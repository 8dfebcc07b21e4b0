import type { MaskPlan, ScanRule } from "../vocabulary/index.js";
import type { PlanInput } from "./plan.js";

const none: ReadonlySet<string> = new Set();
const noColumns: MaskPlan["columns"] = new Map();

/**
 * A plan that looks for values too, in whatever no column rule masks. The same plan where no rule asks for it; null where there
 * is nothing to do at all.
 *
 * @param scans As `PolicySet.masksFor` gives them: the same list for the same rules, for it is compiled once.
 */
export function withScan(
  plan: MaskPlan | null,
  scans: readonly ScanRule[] | undefined,
  copy: PlanInput["copy"],
): MaskPlan | null {
  if (scans === undefined || scans.length === 0) return plan;
  if (plan !== null) return { ...plan, scan: { rules: scans, alone: false } };
  return {
    columns: noColumns,
    proven: none,
    others: null,
    text: null,
    copy: copy?.map(({ relation, column }) => `${relation}.${column}`) ?? null,
    scan: { rules: scans, alone: true },
  };
}
