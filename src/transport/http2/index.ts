export { type ConnectionEvents, Http2Connection } from "./connection.js";
export { errorCode } from "./constants.js";
export { Http2Error } from "./error.js";
export type { Headers } from "./header-check.js";
export type { HeaderField } from "./hpack/header-field.js";
export { RateLimit } from "./rate-limit.js";
export type { Http2Stream, StreamOwner } from "./stream.js";
