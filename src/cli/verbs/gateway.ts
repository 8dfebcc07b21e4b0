import { gatewayFolder } from "../../client/folders.js";
import { text, type Verb } from "../invocation.js";

/** Variables of the command line, which the gateway would take for misspelt settings of its own. */
const ours = new Set(["HOOP_HOME", "HOOP_CA", "HOOP_DEBUG"]);

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const { out, env } = context;
  const { gatewayConfig, runGateway } = await import("../../gateway/main.js");
  const settings = Object.fromEntries(Object.entries(env).filter(([name]) => !ours.has(name)));
  const folder = text(invocation, "state");
  const config = gatewayConfig(
    folder === undefined ? settings : { ...settings, HOOP_STATE_DIR: folder },
    gatewayFolder(env.HOOP_HOME, process.geteuid?.() === 0),
  );
  await runGateway(config, {
    signal: context.signal,
    ready({ http, grpc, setup, samplesMade }) {
      if (out.json) return out.event({ event: "ready", http, grpc, setup });
      out.say(
        `The gateway answers at ${out.color.cyan(http)}; agents and tunnels dial ${config.HOOP_GRPC_PUBLIC ?? grpc}.`,
      );
      if (setup)
        out.say(
          `Create the first admin before ${setup.expires.toISOString()}: ${out.color.bold(new URL(`/setup?token=${setup.token}`, http).href)}`,
        );
      if (samplesMade)
        out.say(
          `Samples to try it on: log in (hoop login ${http}), run ${out.color.bold("hoop tunnel up")}, then psql -h pg-demo.hoop, ssh site-demo.hoop, curl http://web-demo.hoop. HOOP_SAMPLES=off makes none.`,
        );
    },
  });
};
