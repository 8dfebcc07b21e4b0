export { type Applied, type ApplyOptions, applyDocuments } from "./apply-documents.js";
export { checkPolicy, type PolicyChecks } from "./checks.js";
export { type CompiledPolicy, compilePolicy } from "./compile.js";
export { type Conflicts, conflictsOf } from "./conflicts.js";
export { connectAnalysis } from "./connect.js";
export { defaultDocuments, defaultPolicy } from "./defaults.js";
export { type Abilities, lacksOf, unmetDemand } from "./demands.js";
export { type PolicyDocument, type PolicyKind, policyKinds } from "./documents/index.js";
export { type ExplainedAccess, type ExplainedRule, explainFor } from "./explain-for.js";
export { type GridCell, type GridRow, gridCells, gridPage, gridRows } from "./grid.js";
export { ownDecision } from "./own-decision.js";
export { isPolicyKind, parseDocuments, validateDocuments } from "./parse-documents.js";
export { isPermit, mintPermit } from "./permit.js";
export { type PolicyChange, planChanges, yamlOf } from "./plan-changes.js";
export type {
  BudgetCharge,
  BudgetKey,
  Decision,
  Demand,
  Dependence,
  MintPermit,
  PlanEstimate,
  PolicySet,
  PolicySource,
  RequestTerms,
  Situation,
} from "./policy.js";
export { type RawDocument, readDocuments } from "./read-documents.js";
export { policyReference } from "./reference.js";
export * from "./replay/index.js";
export type { TokenMaking } from "./reveal-terms.js";
export { seedPolicy } from "./seed.js";
export { type CriterionTrial, type RuleTrial, type Simulation, simulate } from "./simulate.js";
export { createPolicySource, type LivePolicySource, type PolicyLog } from "./source.js";
export type { PolicyAuthor, PolicyHistoryEntry, PolicyStore, PolicyWrite, StoredPolicy } from "./store.js";
export { type ReadTestStatement, type TestResult, type TestStatement, testPolicy } from "./test-policy.js";
export type { KnownColumns } from "./unknown-columns.js";
