import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DelayedWay, delayedWay } from "../peers/delay.js";
import type { PostgresPeer } from "../peers/postgres.js";
import { freePort, jsonLine, type Running, run, start } from "../peers/process.js";

export interface StackOptions {
  /** Whether an agent dials the target; without one the gateway does. */
  readonly agent: boolean;
  /** TLS where tunnels and agents dial in. */
  readonly tls: boolean;
  /** The program that is the gateway: a file and its arguments. */
  readonly gateway?: readonly string[];
  /** Milliseconds each way between tunnel and gateway; absent: none. */
  readonly oneWay?: number;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** A target on loopback, as `hoop connections add` is told of it. */
export interface StackConnection {
  readonly name: string;
  readonly port: number;
  /** What is said beside name, place and agent. */
  readonly say: readonly string[];
  readonly secret?: string;
}

/** Gateway, agent and tunnel, each a process of its own. */
export interface Stack {
  reach(connection: string): Place;
  readonly pids: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** The same with one PostgreSQL under two connections. */
export interface HoopStack extends Stack {
  /** Of the connection whose columns are as they are, and of the one under a mask. */
  readonly plain: Place;
  readonly masked: Place;
  /** The same server as mere bytes. */
  readonly bytes: Place;
}

/** Compiled with the bench itself, so that what is measured is never an older build. */
const compiled = fileURLToPath(new URL("../../", import.meta.url));
const cli = join(compiled, "src", "cli.js");
const password = "correct-horse-battery-9";

// The default set masks e-mail addresses everywhere; here one label says where.
const policy = `apiVersion: hoop/v1
kind: mask
metadata: { name: mask-email }
spec:
  enabled: false
  columns: [email]
  mask: { method: partial, as: email }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: bench-email }
spec:
  where: { label: { bench: masked } }
  columns: [rows_100.email, rows_1k.email]
  mask: { method: partial, as: email }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: bench-balance }
spec:
  where: { label: { bench: masked } }
  columns: [pgbench_accounts.abalance]
  mask: { method: "null" }
---
apiVersion: hoop/v1
kind: access
metadata: { name: bench-bytes }
spec:
  who: { group: [admins] }
  where: { label: { bench: bytes } }
  effects: [connect, unknown]
`;

const isReady = (line: Record<string, unknown>) => line.ready === true || line.event === "ready";

/** An agent says nothing on stdout; the gateway knows when it is there. */
async function connected(list: () => Promise<string>, agent: Running): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const agents = JSON.parse(await list()) as readonly { state: string }[];
    if (agents.some((one) => one.state === "connected")) return;
    if (agent.child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`the agent does not connect: ${agent.output().slice(-2_000)}`);
}

export async function startHoopStack(server: PostgresPeer, options: StackOptions): Promise<HoopStack> {
  const connection = (name: string, label: string): StackConnection => ({
    name,
    port: server.port,
    say: [
      ...["--tls", "disable", "--user", server.user, "--password-stdin"],
      ...["--target", "database=bench", "--label", `bench=${label}`],
    ],
    secret: server.password,
  });
  const bytes = { name: "bench-bytes", port: server.port, say: ["--protocol", "tcp", "--label", "bench=bytes"] };
  const stack = await startStack(
    [connection("bench-plain", "plain"), connection("bench-masked", "masked"), bytes],
    options,
  );
  return {
    ...stack,
    plain: stack.reach("bench-plain"),
    masked: stack.reach("bench-masked"),
    bytes: stack.reach("bench-bytes"),
  };
}

export async function startStack(targets: readonly StackConnection[], options: StackOptions): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), "hoop-bench-"));
  const parts: Running[] = [];
  let way: DelayedWay | null = null;
  const stop = async () => {
    for (const part of parts.reverse()) await part.stop();
    await way?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const grpc = await freePort();
    if (options.oneWay !== undefined) way = await delayedWay({ host: "127.0.0.1", port: grpc }, options.oneWay);
    const home = join(folder, "home");
    mkdirSync(home);
    // The programs read their version from the package they are part of.
    copyFileSync("package.json", join(compiled, "package.json"));
    writeFileSync(join(folder, "password"), `${password}\n`, { mode: 0o600 });
    // Nothing of the caller's own Hoop may be found by these.
    const bare = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("HOOP_") && name !== "DATABASE_URL"),
    );
    const env = { ...bare, HOOP_HOME: home };
    const hoop = (args: readonly string[], input?: string) =>
      run(process.execPath, [cli, ...args], { env, ...(input === undefined ? {} : { input }) });

    const gateway = start(process.execPath, [...(options.gateway ?? [cli, "gateway"]), "--json"], {
      env: {
        ...bare,
        HOOP_STATE_DIR: join(folder, "gateway"),
        HOOP_GRPC_LISTEN: `127.0.0.1:${grpc}`,
        HOOP_HTTP_LISTEN: "127.0.0.1:0",
        HOOP_TLS: options.tls ? "on" : "off",
        HOOP_ADMIN_NAME: "admin",
        HOOP_SAMPLES: "off",
        HOOP_ADMIN_PASSWORD_FILE: join(folder, "password"),
        ...(way ? { HOOP_GRPC_PUBLIC: `127.0.0.1:${way.port}` } : {}),
      },
    });
    parts.push(gateway);
    const { http } = await jsonLine<{ http: string }>(gateway, isReady);

    await hoop(["login", http, "--user", "admin"], `${password}\n`);
    await hoop(["apply", "-f", "-", "--yes"], policy);
    const pids: Record<string, number> = { gateway: gateway.pid };
    if (options.agent) {
      const { token } = JSON.parse(await hoop(["agents", "join-token", "bench", "--json"])) as { token: string };
      const state = join(folder, "agent");
      const agent = start(
        process.execPath,
        [
          ...[
            cli,
            "agent",
            "--gateway",
            `${options.tls ? "https" : "http"}://127.0.0.1:${grpc}`,
            "--join",
            token,
            "--state",
            state,
          ],
          ...targets.flatMap(({ port }) => ["--allow", `127.0.0.1:${port}`]),
        ],
        { env },
      );
      parts.push(agent);
      pids.agent = agent.pid;
      await connected(() => hoop(["agents", "ls", "--json"]), agent);
    }

    const through = ["--agent", options.agent ? "bench" : "none"];
    for (const { name, port, say, secret } of targets) {
      const place = [name, "--host", "127.0.0.1", "--port", String(port)];
      await hoop(
        ["connections", "add", ...place, ...through, ...say],
        secret === undefined ? undefined : `${secret}\n`,
      );
    }
    const tunnel = start(process.execPath, [cli, "tunnel", "up", "--json", "--names", "none", "--no-redirect"], {
      env,
    });
    parts.push(tunnel);
    type Ready = { connections: readonly { name: string; address: string; port: number }[] };
    const { connections } = await jsonLine<Ready>(tunnel, isReady);
    return {
      reach(name) {
        const found = connections.find((connection) => connection.name === name);
        if (!found) throw new Error(`the tunnel has no ${name}: ${JSON.stringify(connections)}`);
        return { host: found.address, port: found.port };
      },
      pids: { ...pids, tunnel: tunnel.pid },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
