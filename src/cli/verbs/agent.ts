import type { Verb } from "../invocation.js";
import { version } from "../program.js";

/** Options of every command; all the others are the agent's own. */
const global = new Set(["json", "color"]);

export const run: Verb = async ({ context, options }) => {
  const { env, signal } = context;
  const { parseAgentConfig, runAgent } = await import("../../agent/index.js");
  const { pino } = await import("pino");
  const flags = Object.fromEntries(Object.entries(options).filter(([name]) => !global.has(name)));
  const config = parseAgentConfig(flags, env);
  const connected = context.out.json ? () => context.out.event({ event: "connected" }) : undefined;
  await runAgent(config, {
    signal,
    version,
    connected,
    log: pino({ base: { program: "agent" } }, pino.destination(2)),
  });
};
