export { keyedHash, maskText } from "./cell.js";
export { type CellMasker, createCellMasker } from "./cell-masker.js";
export type { PlanInput, PlanMasks, Planned } from "./plan.js";
export { planMasks } from "./plan-masks.js";
