import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TunnelStatus } from "../../src/client/tunnel/status.js";
import { type Child, runChild, startChild } from "../../src/demo/child.js";
import { freePort, type PostgresServer } from "./postgres.js";

const cli = new URL("../../dist/cli.js", import.meta.url).pathname;

/** One of Hoop's processes, which a test may kill and start again on the same state and addresses. */
export interface Program {
  readonly pid: number;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM and wait. */
  stop(): Promise<void>;
  /** Starts it again. Resolves when it is ready. */
  start(): Promise<void>;
  lastWords(): string;
  /** All that it wrote to standard error since it was started. */
  words(): string;
}

export interface HoopOptions {
  readonly target: Pick<PostgresServer, "host" | "port" | "user" | "password" | "database">;
  /** Policy documents (YAML) to apply with --prune; default: everything is allowed and nothing masked to `engineers`. */
  readonly policy?: string;
  /** More flags of `hoop connections add`. */
  readonly connection?: readonly string[];
  /** More settings of the gateway. */
  readonly gateway?: Readonly<Record<string, string>>;
  readonly groups?: readonly string[];
  /** False: the gateway dials the target itself. */
  readonly agent?: boolean;
  /** More flags of `hoop agent`. */
  readonly agentFlags?: readonly string[];
}

/** A whole Hoop: gateway, agent and tunnel as processes, one connection `pg`, one engineer `ada`. */
export interface RunningHoop {
  readonly http: string;
  readonly grpc: string;
  /** Where `pg` is, through the tunnel. */
  readonly host: string;
  readonly port: number;
  /** PEM of the authority behind `pg.hoop`. */
  readonly authority: string;
  readonly folder: string;
  /** The engineer's. */
  readonly password: string;
  readonly gateway: Program;
  readonly agent: Program | null;
  readonly tunnel: Program;
  /** Where any connection is, through the tunnel; waits until the tunnel has heard of it. */
  place(name: string): Promise<{ readonly host: string; readonly port: number }>;
  /** Logs the engineer in anew, as a person would whose login was ended. */
  logIn(): Promise<void>;
  /** `hoop …` as the engineer or the admin; throws with its words when it fails. */
  hoop(who: "engineer" | "admin", args: readonly string[], input?: string): Promise<string>;
  /** The environment in which libpq's clients reach `pg`. */
  clientEnv(more?: Readonly<Record<string, string>>): NodeJS.ProcessEnv;
  /** Exports the audit and verifies it offline; answers the report's text. Throws where it does not hold. */
  verifyAudit(): Promise<string>;
  stop(): Promise<void>;
}

export const allowAll = `
apiVersion: hoop/v1
kind: access
metadata: { name: everything }
spec:
  who: { group: [engineers, admins] }
  where: everywhere
  effects: [read, write, define, destroy, admin, execute, connect, unknown]
`;

const clean = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(HOOP_|PG|DATABASE_URL|NODE_OPTIONS|VITEST)/.test(name)),
  );

/** Whether Hoop is built; these tests run what users run. */
export const isBuilt = (): boolean => existsSync(cli);

export async function startHoop(options: HoopOptions): Promise<RunningHoop> {
  if (!isBuilt()) throw new Error("dist/ is not built: npm run build");
  const folder = mkdtempSync(join(tmpdir(), "hoop-e2e-"));
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of stops.splice(0).reverse()) await step();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const home = (who: string): string => join(folder, who);
    const hoop: RunningHoop["hoop"] = async (who, args, input = "") => {
      const result = await runChild(process.execPath, [cli, ...args], {
        env: { ...clean(), HOOP_HOME: home(who) },
        input,
        timeoutMs: 120_000,
      });
      if (result.code !== 0)
        throw new Error(`hoop ${args.join(" ")} exited with ${result.code}:\n${result.stderr}${result.stdout}`);
      return result.stdout;
    };
    const passwords = { admin: randomBytes(12).toString("base64url"), ada: randomBytes(12).toString("base64url") };
    for (const who of ["admin", "engineer"]) mkdirSync(home(who), { mode: 0o700 });
    writeFileSync(join(folder, "password"), passwords.admin, { mode: 0o600 });

    // Fixed addresses, so that a gateway that was killed comes back where its peers look for it.
    const [httpPort, grpcPort] = [await freePort(), await freePort()];
    const gateway = await program(["gateway", "--json"], {
      ...clean(),
      HOOP_STATE_DIR: join(folder, "gateway"),
      HOOP_HTTP_LISTEN: `127.0.0.1:${httpPort}`,
      HOOP_GRPC_LISTEN: `127.0.0.1:${grpcPort}`,
      HOOP_ADMIN_NAME: "admin",
      HOOP_ADMIN_PASSWORD_FILE: join(folder, "password"),
      HOOP_DRAIN_MS: "500",
      HOOP_LOG_LEVEL: "warn",
      HOOP_SAMPLES: "off",
      ...options.gateway,
    });
    stops.push(() => gateway.stop());
    const http = `http://127.0.0.1:${httpPort}`;
    const grpc = `127.0.0.1:${grpcPort}`;

    await hoop("admin", ["login", http, "--user", "admin"], passwords.admin);
    const addPerson = async (): Promise<void> => {
      const groups = (options.groups ?? ["engineers"]).flatMap((group) => ["--group", group]);
      await hoop("admin", ["users", "add", "ada", ...groups, "--password-stdin"], passwords.ada);
      const policy = join(folder, "policy.yaml");
      writeFileSync(policy, options.policy ?? allowAll);
      await hoop("admin", ["apply", "-f", policy, "--prune", "--yes"]);
      await hoop("engineer", ["login", http, "--user", "ada"], passwords.ada);
    };
    const { target } = options;
    const addTarget = async (): Promise<Program | null> => {
      const agent = options.agent === false ? null : await joinAgent();
      const place = ["--host", target.host, "--port", String(target.port), "--agent", agent ? "site" : "none"];
      const login = ["--user", target.user, "--target", `database=${target.database}`, "--password-stdin"];
      const more = options.connection ?? ["--tls", "disable"];
      await hoop("admin", ["connections", "add", "pg", ...place, ...login, ...more], target.password);
      return agent;
    };
    const joinAgent = async (): Promise<Program> => {
      const said = await hoop("admin", ["agents", "join-token", "site", "--json"]);
      const { token } = JSON.parse(said) as { token: string };
      const scheme = options.gateway?.HOOP_TLS === "off" ? "http" : "https";
      const link = ["--gateway", `${scheme}://${grpc}`, "--join", token, "--state", join(folder, "agent")];
      const reach = ["--allow", `${target.host}:${target.port}`, ...(options.agentFlags ?? [])];
      const agent = await program(["agent", "--json", ...link, ...reach], clean());
      stops.push(() => agent.stop());
      return agent;
    };
    // Neither waits for the other. Where one fails, the other one's agent must be known before everything is stopped.
    const [person, reached] = await Promise.allSettled([addPerson(), addTarget()]);
    if (person.status === "rejected") throw person.reason;
    if (reached.status === "rejected") throw reached.reason;
    const agent = reached.value;

    let status: TunnelStatus | undefined;
    const tunnel = await program(
      ["tunnel", "up", "--json", "--names", "none"],
      { ...clean(), HOOP_HOME: home("engineer") },
      (line) => {
        status = line as unknown as TunnelStatus;
      },
    );
    stops.push(() => tunnel.stop());
    const place = status?.connections.find((one) => one.name === "pg");
    if (!place) throw new Error(`the tunnel does not offer pg: ${JSON.stringify(status)}`);

    return {
      http,
      grpc,
      host: place.address,
      port: place.port,
      authority: status?.authority ?? "",
      folder,
      gateway,
      agent,
      tunnel,
      async place(name) {
        const deadline = Date.now() + 60_000;
        for (;;) {
          const now = JSON.parse(await hoop("engineer", ["tunnel", "status", "--json"])) as TunnelStatus;
          const found = now.connections.find((one) => one.name === name && one.address !== "");
          if (found) return { host: found.address, port: found.port };
          if (Date.now() > deadline)
            throw new Error(`the tunnel does not offer ${name}: ${JSON.stringify(now.connections)}`);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      },
      password: passwords.ada,
      logIn: async () => void (await hoop("engineer", ["login", http, "--user", "ada"], passwords.ada)),
      hoop,
      clientEnv: (more = {}) => ({
        ...clean(),
        PGHOST: place.address,
        PGPORT: String(place.port),
        PGUSER: "anybody",
        PGDATABASE: target.database,
        PGSSLMODE: "disable",
        PGCONNECT_TIMEOUT: "20",
        ...more,
      }),
      async verifyAudit() {
        const file = join(folder, `audit-${randomBytes(4).toString("hex")}.jsonl`);
        const key = join(folder, "audit.pub");
        await hoop("admin", ["audit", "export", "--output", file]);
        writeFileSync(key, await hoop("admin", ["audit", "key"]));
        return `${await hoop("admin", ["audit", "verify", file, "--key", key])}\n${readFileSync(file, "utf8")}`;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function program(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onReady: (line: Record<string, unknown>) => void = () => {},
): Promise<Program> {
  let child: Child;
  const start = async (): Promise<void> => {
    const started = await startChild<Record<string, unknown>>([cli, ...args], {
      env,
      readyMs: 90_000,
      isReady: (line) => line.event === "ready" || line.event === "connected",
    });
    child = started.child;
    onReady(started.ready);
  };
  await start();
  return {
    get pid() {
      return child.process.pid!;
    },
    async kill() {
      const gone = new Promise((resolve) => child.process.once("close", resolve));
      child.process.kill("SIGKILL");
      await gone;
    },
    stop: () => child.stop(),
    start,
    lastWords: () => child.lastWords(),
    words: () => child.words(),
  };
}
