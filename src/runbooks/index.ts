export { actingOf, mayRun, runsAs, subjectNow } from "./authority.js";
export { createRunbooks, type Runbooks, type RunbooksOptions } from "./create-runbooks.js";
export type { Runner, StartRequest } from "./create-runner.js";
export { runbookName } from "./document.js";
export type { DryStep } from "./dry-run.js";
export { checkBranch, checkFolder, gitAddress } from "./git/address.js";
export { runbookLimits } from "./limits.js";
export type { Parameter, ParameterValues } from "./parameters.js";
export { shownParameters } from "./parameters.js";
export type * from "./ports.js";
export {
  endStates,
  type NewRun,
  noResult,
  type Run,
  type RunCause,
  type RunFilter,
  runStates,
  type StepRecord,
  type StepResult,
} from "./run.js";
export { loadRunbook, type Runbook } from "./runbook.js";
export { sendingText } from "./sending.js";
export type * from "./store.js";
export type { SyncResult } from "./sync.js";
