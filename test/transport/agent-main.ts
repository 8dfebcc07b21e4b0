import { pino } from "pino";
import { parseAgentConfig, runAgent } from "../../src/agent/index.js";

// An agent as a process of its own: settings from the environment, JSON logs on stdout.
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const log = pino();
try {
  await runAgent(parseAgentConfig({}, process.env), { signal: stop.signal, log, version: "0.0.0-test" });
  process.exit(0);
} catch (error) {
  log.fatal({ code: (error as { code?: string }).code }, (error as Error).message);
  process.exit(1);
}
