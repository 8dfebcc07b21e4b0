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
  HOOP_POSTGRES_LISTEN: [
    address.optional(),
    "Where clients of PostgreSQL come in without a tunnel, with a password of `hoop credentials issue`; default: nowhere.",
  ],
  HOOP_POSTGRES_PUBLIC: [
    z
      .string()
      .regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, "is HOST:PORT, an IPv6 host in brackets")
      .optional(),
    "HOST:PORT under which those clients reach HOOP_POSTGRES_LISTEN; default: the same.",
  ],
  HOOP_NATIVE_LONGEST_HOURS: [
    z.coerce.number().int().min(1).max(2_160).default(24),
    "The longest life of a password for native clients.",
  ],
  HOOP_API_CALLS_PER_MINUTE: [
    z.coerce.number().int().min(60).max(1_000_000).default(3_000),
    "How many requests a minute one person or machine may make of the API; a quarter of it at once.",
  ],
  HOOP_SECRET_REFERENCES: [
    list.default([]),
    "References to secrets kept elsewhere that connections may name, separated by commas: `vault:kv/data/{label.team}/*`, `env:HOOP_CREDENTIAL_*`; `{connection}` and `{label.NAME}` stand for the connection's own. Default: none.",
  ],
  HOOP_SECRET_FILES: [z.string().optional(), "Folder below which `file:` references are read."],
  HOOP_VAULT_ADDR: [z.url().optional(), "URL of HashiCorp Vault, for `vault:` references."],
  HOOP_VAULT_AUTH: [z.enum(["token", "approle", "kubernetes"]).default("token"), "How the gateway logs in at Vault."],
  HOOP_VAULT_AUTH_MOUNT: [
    z
      .string()
      .regex(/^[A-Za-z0-9_./-]+$/, "is a path")
      .optional(),
    "Where that way to log in is mounted; default: its own name.",
  ],
  HOOP_VAULT_TOKEN_FILE: [z.string().optional(), "File with a token for Vault; read anew each minute."],
  HOOP_VAULT_ROLE: [z.string().optional(), "AppRole's role id, or the role for Kubernetes."],
  HOOP_VAULT_SECRET_ID_FILE: [z.string().optional(), "File with AppRole's secret id."],
  HOOP_VAULT_JWT_FILE: [
    z.string().default("/var/run/secrets/kubernetes.io/serviceaccount/token"),
    "File with the service account's token, for Kubernetes.",
  ],
  HOOP_VAULT_NAMESPACE: [z.string().optional(), "Vault's namespace."],
  HOOP_VAULT_CA_FILE: [
    z.string().optional(),
    "PEM of the authority behind Vault's certificate; default: the system's.",
  ],
  HOOP_AWS_REGION: [
    z
      .string()
      .regex(/^[a-z0-9-]+$/, "is a region")
      .optional(),
    "Region of AWS Secrets Manager, for `aws:` references.",
  ],
  HOOP_AWS_ENDPOINT: [z.url().optional(), "Another endpoint of Secrets Manager, for example a private one."],
  HOOP_AWS_INSTANCE_ROLE: [yesNo.default(false), "Use the machine's own role (instance metadata service, version 2)."],
  AWS_ACCESS_KEY_ID: [z.string().optional(), "The gateway's own key for AWS."],
  AWS_SECRET_ACCESS_KEY: [z.string().optional(), "Belongs to AWS_ACCESS_KEY_ID."],
  AWS_SESSION_TOKEN: [z.string().optional(), "Belongs to AWS_ACCESS_KEY_ID, where it is a temporary one."],
  AWS_ROLE_ARN: [z.string().optional(), "Role for a workload's token, with AWS_WEB_IDENTITY_TOKEN_FILE."],
  AWS_WEB_IDENTITY_TOKEN_FILE: [z.string().optional(), "File with the workload's token."],
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
  HOOP_EVENTS_DAYS: [
    z.coerce.number().int().min(1).max(3_650).default(30),
    "Events and what reactions did are kept so many days.",
  ],
  HOOP_DEAD_LETTERS_DAYS: [
    z.coerce.number().int().min(1).max(3_650).default(365),
    "Deliveries of reactions that were given up are kept so many days, for somebody to deliver them again; at least as long as events.",
  ],
  HOOP_RUNS_DAYS: [
    z.coerce.number().int().min(1).max(3_650).default(365),
    "Runs of runbooks that are over are kept so many days, with their parameters and outputs.",
  ],
  HOOP_EVENTS_SLOW_MS: [
    milliseconds(1, 86_400_000).default(10_000),
    "A statement that takes longer is an event: `statement.slow`.",
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
  HOOP_MAX_SCREEN_MB: [
    z.coerce.number().int().min(1).max(1_000_000).default(2_048),
    "Most that the recording of one session's terminals may take; at it the session ends, and says so.",
  ],
  HOOP_HANDSHAKE_MS: [
    milliseconds(1_000, 300_000).default(20_000),
    "From a client's connection to its finished login.",
  ],
  HOOP_DRAIN_MS: [milliseconds(0, 3_600_000).default(10_000), "How long sessions may go on after SIGTERM."],
  HOOP_SQL_WORKERS: [z.coerce.number().int().min(1).max(64).default(2), "Worker threads that parse SQL."],
  HOOP_SAMPLES: [
    z.enum(["auto", "on", "off"]).default("auto"),
    "Sample connections to try Hoop with, made at the first start on an empty store and never again: `pg-demo`, `web-demo`, `site-demo`. `auto`: unless DATABASE_URL is set; `off`: also those that are there lead nowhere.",
  ],
  HOOP_ADMIN_NAME: [
    z.string().optional(),
    "Creates this admin at first start, with HOOP_ADMIN_PASSWORD_FILE; default: a one-time setup link is printed.",
  ],
  HOOP_ADMIN_PASSWORD_FILE: [z.string().optional(), "File with the first admin's password."],
  HOOP_ADMIN_RULE: [
    z.string().optional(),
    "Who becomes the first admin by signing in at a provider: `okta:group:Hoop Admins`, `okta:email:ada@example.com` or `okta:subject:…`. Then no setup link is printed.",
  ],
  HOOP_PROVIDERS: [
    z.string().optional(),
    "Sign-in providers, as YAML or JSON: a list of settings with `name` and `secret` or `secretFile`. They cannot be changed at run time.",
  ],
  HOOP_PROVIDERS_FILE: [z.string().optional(), "File with what HOOP_PROVIDERS would say."],
  HOOP_PROVIDER_REFRESH_SECONDS: [
    z.coerce.number().int().min(5).max(300).default(300),
    "How often at least a provider is asked again about people with open sessions.",
  ],
  HOOP_LOCAL_SIGN_IN: [
    z.enum(["on", "off"]).default("on"),
    "`off`: people sign in by providers alone, but for HOOP_BREAK_GLASS_USERS.",
  ],
  HOOP_BREAK_GLASS_USERS: [
    list.default([]),
    "Names of users who may always come in by their own password or passkey, separated by commas: for the day the provider is away.",
  ],
  HOOP_RUNBOOKS_FILE_ROOT: [
    z.string().startsWith("/").optional(),
    "Folder on this gateway's disk below which Git repositories of runbooks may be; default: none, only https and ssh.",
  ],
  HOOP_EXPORT_ROOT: [
    z.string().startsWith("/").optional(),
    "Folder below which exporters of kind `file` write; default: `exports` in the state folder.",
  ],
  HOOP_METRICS_LISTEN: [
    address.optional(),
    "Where /metrics, /livez and /readyz answer without a token, a network of its own; default: /metrics at the API, with a token.",
  ],
  OTEL_EXPORTER_OTLP_ENDPOINT: [
    z.url({ protocol: /^https?$/ }).optional(),
    "Collector of OpenTelemetry traces (OTLP over HTTP): a span a lane and statement; default: none, and nothing of it is loaded.",
  ],
  OTEL_TRACES_SAMPLER_ARG: [
    z.coerce.number().min(0).max(1).default(0.1),
    "Which part of new traces is kept; what belongs to somebody's trace follows that.",
  ],
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
  const given: Record<string, string | undefined> = { ...env, HOOP_STATE_DIR: env.HOOP_STATE_DIR || stateDir };
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
      !/^HOOP_(CREDENTIAL_|AGENT|TUNNEL|TEST|TOKEN|GATEWAY|DEMO|HOME|CA|DEBUG)/.test(name)
    )
      wrong.push(`${name} is not a setting of the gateway`);
  }
  if (wrong.length > 0)
    throw new HoopError("invalid", `the gateway's settings are wrong: ${wrong.join("; ")}`, {
      hint: "hoop gateway --help lists every setting",
    });
  return values as unknown as GatewayConfig;
}
