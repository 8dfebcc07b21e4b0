import type { Logger } from "pino";

/** The agent's log. It never holds a key, a token or a byte of a lane. */
export type AgentLog = Pick<Logger, "info" | "warn" | "error" | "debug">;
