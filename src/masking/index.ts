export { keyedHash, maskText } from "./cell.js";
export { type CellMasker, createCellMasker, passed } from "./cell-masker.js";
export { compileGlob } from "./glob.js";
export type { PlanInput, PlanMasks, Planned } from "./plan.js";
export { planMasks } from "./plan-masks.js";
export { withScan } from "./plan-scan.js";
export { checkRevealable, createReveal, type Reveal, type RevealEntry, revealMatter } from "./reveal.js";
export {
  type CellForm,
  createStreamScanner,
  Effort,
  type StreamScanner,
  Tally,
  type ValueScanner,
  valueScanner,
} from "./scan/index.js";
export { detokenize, type TokenSource, tokenize as tokenizeText, tokenizeInteger } from "./tokens/token.js";
