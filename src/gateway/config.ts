import { z } from "zod";
import { HoopError } from "../vocabulary/index.js";

const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, "is HOST:PORT, an IPv6 host in brackets")
  .transform((text) => {
    const at = text.lastIndexOf(":");
    return { host: text.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(text.slice(at + 1)) };
  });
const milliseconds = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const yesNo = z
  .enum(["yes", "no", "true", "false", "1", "0"])
  .transform((text) => text === "yes" || text === "true" || text === "1");
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean),
);

/** What connection names end in; tunnels and the authority for names rest on it. */
export const suffix = "hoop";

/** Every setting of the gateway: environment variable, meaning, default. Documented from here. */
const settings = {
  HOOP_STATE_DIR: [z.string().min(1), "Folder for the journal, the embedded database and keys of this replica."],
  HOOP_GRPC_LISTEN: [
    address.default({ host: "127.0.0.1", port: 7443 }),
    "Where agents and tunnels dial in (gRPC over HTTP/2).",
  ],
  HOOP_HTTP_LISTEN: [address.default({ host: "127.0.0.1", port: 7480 }), "Where the API and the console answer."],
  HOOP_GRPC_PUBLIC: [
    z.string().optional(),
    "HOST:PORT under which agents and tunnels reach HOOP_GRPC_LISTEN; default: the same.",
  ],
  HOOP_HTTP_APPS_LISTEN: [
    address.optional(),
    "Where HTTP connections answer browsers without a tunnel, each under an origin of its own; default: nowhere.",
  ],
  HOOP_HTTP_APPS_DOMAIN: [
    z
      .string()
      .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, "expected a domain, e.g. apps.example.com")
      .default("apps.localhost"),
    "The domain of those origins: `grafana.<domain>` is the connection `grafana`.",
  ],
  HOOP_PUBLIC_URL: [z.url().optional(), "URL under which people reach the console; default: from HOOP_HTTP_LISTEN."],
  HOOP_TRUSTED_PROXIES: [
    list.default([]),
    "Addresses and networks of proxies in front of the API, separated by commas, whose X-Forwarded-For and -Proto are believed. Without it all who come through a proxy share its address, and one who guesses passwords slows down all.",
  ],
  HOOP_TLS_NAMES: [
    list.default([]),
    "More names and addresses for the gateway's own certificate, separated by commas.",
  ],
  HOOP_TLS: [
    z.enum(["on", "off"]).default("on"),
    "`off` serves gRPC without TLS: on loopback, or anywhere with HOOP_ALLOW_PLAINTEXT=yes.",
  ],
  HOOP_HTTP_TLS: [
    z.enum(["on", "off", "auto"]).default("auto"),
    "TLS for the API and console; `auto`: on, except on loopback.",
  ],
  HOOP_TLS_CERT_FILE: [
    z.string().optional(),
    "PEM certificate chain for API and console; default: one of the gateway's own authority.",
  ],
  HOOP_TLS_KEY_FILE: [z.string().optional(), "PEM key that belongs to HOOP_TLS_CERT_FILE."],
  HOOP_ALLOW_PLAINTEXT: [
    yesNo.default(false),
    "Says that plaintext off loopback is meant, for example behind a proxy that ends TLS.",
  ],
  DATABASE_URL: [
    z.string().optional(),
    "PostgreSQL 15 or newer for the store; default: one that the gateway starts itself.",
  ],
  HOOP_MASTER_KEY: [z.string().optional(), "Master key, base64 of 32 bytes; default: HOOP_MASTER_KEY_FILE."],
  HOOP_MASTER_KEY_FILE: [
    z.string().optional(),
    "File with the master key; created in the state folder when neither is set.",
  ],
  HOOP_MASTER_KEY_PREVIOUS: [z.string().optional(), "The old master key, while secrets are moved to a new one."],
  HOOP_JOURNAL: [
    z.enum(["local", "store"]).default("local"),
    "`store` commits entries to the store first, for replicas with ephemeral disks.",
  ],
  HOOP_JOURNAL_SYNC: [yesNo.default(false), "Entries survive power loss too, at the price of a disk flush."],
  HOOP_JOURNAL_ON_FULL: [
    z.enum(["refuse", "count"]).default("refuse"),
    "With the disk full: refuse new statements, or go on and count what was lost.",
  ],
  HOOP_JOURNAL_QUOTA_MB: [
    z.coerce.number().int().min(1).optional(),
    "Most that the journal may take on disk; default: the disk.",
  ],
  HOOP_HEADS_DIR: [
    z.string().optional(),
    "Folder to which signed heads of the audit chain are exported each minute; default: in the state folder.",
  ],
  HOOP_RETENTION_DAYS: [
    z.coerce.number().int().min(1).max(36_500).optional(),
    "Sealed texts, values and errors of the recording are deleted after so many days; entries and their proof stay. Default: they are kept.",
  ],
  HOOP_MAX_STALE_MS: [
    milliseconds(1_000, 3_600_000).default(60_000),
    "Cut off from the store for longer than this, the gateway refuses sessions and statements.",
  ],
  HOOP_MAX_SESSIONS: [
    z.coerce.number().int().min(1).max(1_000_000).default(20_000),
    "Sessions at a time on this replica.",
  ],
  HOOP_MAX_SESSIONS_PER_SUBJECT: [
    z.coerce.number().int().min(1).max(1_000_000).default(1_000),
    "Sessions at a time of one subject.",
  ],
  HOOP_MAX_STATEMENT_MB: [z.coerce.number().int().min(1).max(1_024).default(128), "Longest statement."],
  HOOP_HANDSHAKE_MS: [
    milliseconds(1_000, 300_000).default(20_000),
    "From a client's connection to its finished login.",
  ],
  HOOP_DRAIN_MS: [milliseconds(0, 3_600_000).default(10_000), "How long sessions may go on after SIGTERM."],
  HOOP_SQL_WORKERS: [z.coerce.number().int().min(1).max(64).default(2), "Worker threads that parse SQL."],
  HOOP_ADMIN_NAME: [
    z.string().optional(),
    "Creates this admin at first start, with HOOP_ADMIN_PASSWORD_FILE; default: a one-time setup link is printed.",
  ],
  HOOP_ADMIN_PASSWORD_FILE: [z.string().optional(), "File with the first admin's password."],
  HOOP_LOG_LEVEL: [
    z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
    "How much is logged, as JSON lines on standard error.",
  ],
} as const satisfies Record<string, readonly [z.ZodType, string]>;

type Settings = { readonly [K in keyof typeof settings]: z.output<(typeof settings)[K][0]> };

/** The gateway's configuration, parsed once. Keys are the environment's. */
export type GatewayConfig = Settings;

/** A table for the reference: name, default, meaning. */
export function gatewaySettings(): readonly {
  readonly name: string;
  readonly text: string;
  readonly default: unknown;
}[] {
  return Object.entries(settings).map(([name, [schema, text]]) => {
    const parsed = schema.safeParse(undefined);
    return { name, text, default: parsed.success ? parsed.data : undefined };
  });
}

/** Throws HoopError `invalid` that names each variable and what is wrong with it. An empty variable counts as unset. */
export function gatewayConfig(env: Readonly<Record<string, string | undefined>>, stateDir: string): GatewayConfig {
  const known = new Set(Object.keys(settings));
  const wrong: string[] = [];
  const values: Record<string, unknown> = {};
  const given: Record<string, string | undefined> = { ...env, HOOP_STATE_DIR: env["HOOP_STATE_DIR"] || stateDir };
  for (const [name, [schema]] of Object.entries(settings)) {
    const parsed = schema.safeParse(given[name] === "" ? undefined : given[name]);
    if (parsed.success) values[name] = parsed.data;
    else wrong.push(`${name} ${parsed.error.issues.map((issue) => issue.message).join(", ")}`);
  }
  // Misspelt settings must not be silently without effect. Those of other programs and of the tests are theirs.
  for (const name of Object.keys(env)) {
    if (
      name.startsWith("HOOP_") &&
      !known.has(name) &&
      !/^HOOP_(AGENT|TUNNEL|TEST|TOKEN|GATEWAY|DEMO|HOME|CA|DEBUG)/.test(name)
    )
      wrong.push(`${name} is not a setting of the gateway`);
  }
  if (wrong.length > 0)
    throw new HoopError("invalid", `the gateway's settings are wrong: ${wrong.join("; ")}`, {
      hint: "hoop gateway --help lists every setting",
    });
  return values as unknown as GatewayConfig;
}
