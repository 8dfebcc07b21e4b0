export { Effort } from "./effort.js";
export { type CellForm, ValueScanner, valueScanner } from "./scanner.js";
export { createStreamScanner, type StreamScanner } from "./stream-scanner.js";
export { Tally } from "./tally.js";
