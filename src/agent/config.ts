import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { isLoopback } from "../transport/grpc/index.js";
import { HoopError } from "../vocabulary/index.js";
import { parseAllowRule } from "./allow-rule.js";

/** One setting: its flag, its environment variable, and what to say about it in `--help`. */
export interface AgentOption {
  readonly flag: string;
  readonly env: string;
  readonly text: string;
}

/** Every setting of `hoop agent`. A flag goes before its environment variable. */
export const agentOptions = {
  gateway: {
    flag: "--gateway <url>",
    env: "HOOP_AGENT_GATEWAY",
    text: "the gateway: https://host:port, or http:// on loopback",
  },
  join: {
    flag: "--join <token>",
    env: "HOOP_AGENT_JOIN",
    text: "join with a token of `hoop agents join-token`; needed once",
  },
  allow: {
    flag: "--allow <host:ports>",
    env: "HOOP_AGENT_ALLOW",
    text: "what may be dialled: pg.internal:5432, *.db.internal:5432, 10.0.0.0/8:5432, [fd00::/8]:5432; again for more (in the environment: separated by spaces). Nothing else is dialled",
  },
  state: {
    flag: "--state <folder>",
    env: "HOOP_AGENT_STATE",
    text: "where the agent keeps its key and certificate",
  },
  maxLanes: {
    flag: "--max-lanes <n>",
    env: "HOOP_AGENT_MAX_LANES",
    text: "most connections carried at a time",
  },
  serverName: {
    flag: "--server-name <name>",
    env: "HOOP_AGENT_SERVER_NAME",
    text: "the name in the gateway's certificate, when it is not the host of --gateway",
  },
  ca: {
    flag: "--ca <file>",
    env: "HOOP_AGENT_CA",
    text: "authorities (PEM) to trust besides the gateway's own, when something in between shows a certificate of its own",
  },
  allowPlaintext: {
    flag: "--allow-plaintext",
    env: "HOOP_AGENT_ALLOW_PLAINTEXT",
    text: "reach an http:// gateway off loopback, too: whoever is on the way sees and can change everything",
  },
  metricsListen: {
    flag: "--metrics-listen <host:port>",
    env: "HOOP_AGENT_METRICS_LISTEN",
    text: "where /metrics, /livez and /readyz answer; a port alone is on 127.0.0.1; default: nowhere",
  },
  drainMs: {
    flag: "--drain-ms <ms>",
    env: "HOOP_AGENT_DRAIN_MS",
    text: "how long open connections may go on after SIGTERM",
  },
  dialMs: {
    flag: "--dial-ms <ms>",
    env: "HOOP_AGENT_DIAL_MS",
    text: "how long a target may take to accept a connection",
  },
} as const satisfies Readonly<Record<string, AgentOption>>;

const allowRule = z.string().transform((text, context) => {
  try {
    return parseAllowRule(text).text;
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as HoopError).message });
    return z.NEVER;
  }
});

const words = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(/\s+/).filter((word) => word !== "")),
]);

const yesNo = z.union([
  z.boolean(),
  z.enum(["yes", "no", "true", "false", "1", "0"]).transform((text) => /^(?:yes|true|1)$/.test(text)),
]);

const settingsSchema = z.strictObject({
  gateway: z.url({ protocol: /^https?$/, error: "the gateway is an https:// address" }),
  join: z.string().optional(),
  allow: words.pipe(z.array(allowRule).max(1000)).default([]),
  state: z
    .string()
    .min(1)
    .default(join(homedir(), ".hoop", "agent")),
  maxLanes: z.coerce.number().int().min(1).max(100_000).default(1000),
  serverName: z.string().min(1).optional(),
  ca: z.string().min(1).optional(),
  allowPlaintext: yesNo.default(false),
  metricsListen: z
    .string()
    .regex(/^(?:(\[[0-9a-fA-F:.]+\]|[^:\s]+):)?\d{1,5}$/, "is HOST:PORT, or a port")
    .transform((text) => {
      const at = text.lastIndexOf(":");
      return {
        host: at < 0 ? "127.0.0.1" : text.slice(0, at).replace(/^\[|\]$/g, ""),
        port: Number(text.slice(at + 1)),
      };
    })
    .optional(),
  drainMs: z.coerce.number().int().min(0).max(86_400_000).default(60_000),
  dialMs: z.coerce.number().int().min(100).max(120_000).default(10_000),
});

const configSchema = settingsSchema.refine(
  ({ gateway, allowPlaintext }) =>
    new URL(gateway).protocol === "https:" || allowPlaintext || isLoopback(new URL(gateway).hostname),
  { path: ["gateway"], error: "an http:// address off loopback needs --allow-plaintext; use https://" },
);

/** How an agent runs. */
export type AgentConfig = z.infer<typeof configSchema>;

/**
 * From flags, given as an object with the keys of `agentOptions`, and the environment. Throws HoopError `invalid` that names
 * every setting that is wrong, an unknown one included.
 */
export function parseAgentConfig(
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): AgentConfig {
  const given: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(agentOptions)) if (env[option.env]) given[key] = env[option.env];
  for (const [key, value] of Object.entries(flags)) if (value !== undefined) given[key] = value;
  const known = new Set<string>(Object.values(agentOptions).map((option) => option.env));
  const strangers = Object.keys(env).filter((name) => name.startsWith("HOOP_AGENT_") && !known.has(name));
  const parsed = configSchema.safeParse(given);
  if (parsed.success && strangers.length === 0) return parsed.data;
  const wrong = strangers.map((name) => `${name} is not a setting of the agent`);
  for (const issue of parsed.error?.issues ?? []) {
    const option = agentOptions[issue.path[0] as keyof typeof agentOptions] as AgentOption | undefined;
    wrong.push(option === undefined ? issue.message : `${option.flag.split(" ")[0]} (${option.env}): ${issue.message}`);
  }
  throw new HoopError("invalid", wrong.join("; "));
}
