export { MalformedError, type WireLimits } from "./limits.js";
export { ClippedReader } from "./reader.js";
