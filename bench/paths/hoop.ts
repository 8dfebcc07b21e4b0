import { fileURLToPath } from "node:url";
import { type OpenPath, type Path, serverLogin } from "../path.js";
import type { PostgresPeer } from "../peers/postgres.js";
import { type HoopStack, type StackOptions, startHoopStack } from "./hoop-stack.js";

/** Stacks by name: paths that differ in the connection alone share one. The last path to stop stops it. */
const stacks = new Map<string, { readonly stack: Promise<HoopStack>; users: number }>();

async function use(name: string, server: PostgresPeer, options: StackOptions): Promise<HoopStack> {
  const known = stacks.get(name) ?? { stack: startHoopStack(server, options), users: 0 };
  stacks.set(name, known);
  known.users++;
  return known.stack;
}

async function leave(name: string): Promise<void> {
  const known = stacks.get(name);
  if (!known || --known.users > 0) return;
  stacks.delete(name);
  await (await known.stack).stop();
}

// The gateway logs in as the connection's own user: whatever the client says is replaced.
const env = { PGUSER: "bench", PGDATABASE: "bench" };

function hoopPath(
  name: string,
  stackName: string,
  connection: "plain" | "masked" | "bytes",
  options: StackOptions,
  withFar = false,
): Path {
  return {
    name,
    async start(server) {
      const stack = await use(stackName, server, options);
      const far: Pick<OpenPath, "far"> = withFar
        ? {
            async far(oneWay) {
              return { ...(await use("far", server, { agent: true, tls: true, oneWay })).plain, env };
            },
          }
        : {};
      return {
        ...stack[connection],
        env: connection === "bytes" ? serverLogin(server) : env,
        pids: stack.pids,
        ...far,
        async stop() {
          if (stacks.has("far") && withFar) await leave("far");
          await leave(stackName);
        },
      };
    },
  };
}

const withoutPolicy = fileURLToPath(new URL("../gateway-without-policy.js", import.meta.url));

/** Hoop as people run it: gateway, agent and tunnel, TLS on both hops, the real gate. */
export const hoop = hoopPath("hoop", "hoop", "plain", { agent: true, tls: true }, true);
/** The same with one column masked in every result. */
export const hoopMasked = hoopPath("hoop masked", "hoop", "masked", { agent: true, tls: true });
/** The same programs with a gate that allows everything and records nothing: what judging and recording cost. */
export const hoopPolicyOff = hoopPath("hoop no policy", "policy off", "plain", {
  agent: true,
  tls: true,
  gateway: [withoutPolicy],
});
/** The same three processes and the real gate, without TLS on the hops: agents prove themselves by signatures. */
export const hoopPlain = hoopPath("hoop plain", "plain", "plain", { agent: true, tls: false });
/** The same server as a connection of mere bytes: what carrying alone costs. */
export const hoopBytes = hoopPath("hoop bytes", "plain", "bytes", { agent: true, tls: false });
