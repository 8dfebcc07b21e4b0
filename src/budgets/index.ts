export * from "./budgets.js";
export { maxSubjects } from "./counter.js";
export type { BucketSubject, BucketUse, BudgetStore, BudgetUse } from "./store.js";
