export { createSessionDirectory, type SessionDirectory, type SessionDirectoryOptions } from "./session-directory.js";
export type { Kill, LiveSession, SessionFilter, SessionStore } from "./store.js";
