import pino from "pino";
import type { GatewayConfig } from "./config.js";

export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
  /** From now on lines about a session say its trace, where it has one. */
  traceIds?(find: (session: string) => string | null): void;
}

/** JSON lines on standard error; what could hold a secret is taken out by its name, wherever a driver put it. */
export function createLog(level: GatewayConfig["HOOP_LOG_LEVEL"]): Log {
  let find: (session: string) => string | null = () => null;
  const log = pino(
    {
      level,
      mixin(fields) {
        const { session } = fields as { session?: unknown };
        const trace = typeof session === "string" ? find(session) : null;
        return trace === null ? {} : { trace_id: trace };
      },
      base: { program: "gateway" },
      redact: {
        paths: ["password", "token", "secret", "*.password", "*.token", "*.secret", "err.config", "err.client"],
        censor: "[removed]",
      },
    },
    pino.destination({ dest: 2, sync: false }),
  );
  return Object.assign(log, {
    traceIds(trace: (session: string) => string | null) {
      find = trace;
    },
  });
}
