import pino from "pino";
import type { GatewayConfig } from "./config.js";

export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** JSON lines on standard error; what could hold a secret is taken out by its name, wherever a driver put it. */
export function createLog(level: GatewayConfig["HOOP_LOG_LEVEL"]): Log {
  return pino(
    {
      level,
      base: { program: "gateway" },
      redact: {
        paths: ["password", "token", "secret", "*.password", "*.token", "*.secret", "err.config", "err.client"],
        censor: "[removed]",
      },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}
