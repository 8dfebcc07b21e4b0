import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TunnelStatus } from "../client/tunnel/status.js";
import { giveSampleRoles, sampleRole, sampleSql, startSite, startSshSite } from "../samples/index.js";
import { startEmbeddedPostgres } from "../storage/embedded/start.js";
import { HoopError } from "../vocabulary/index.js";
import { runChild, startChild } from "./child.js";
import { claimFolder, noteChild, releaseFolder, removeLeftovers } from "./leftovers.js";

const cli = fileURLToPath(new URL("../cli.js", import.meta.url));

/** A whole Hoop on this machine. */
export interface Demo {
  readonly http: string;
  /** The engineer of the tour. */
  readonly user: { readonly name: string; readonly password: string };
  readonly admin: { readonly name: string; readonly password: string };
  readonly tunnel: TunnelStatus;
  /** `hoop …` as the engineer, or as the admin. */
  hoop(who: "engineer" | "admin", ...args: string[]): Promise<string>;
  readonly engineerHome: string;
  stop(): Promise<void>;
}

/** What the default rules do not say: who gets a shell, and what nobody does in it. */
const siteRules = `apiVersion: hoop/v1
kind: access
metadata: { name: site-demo-shell, description: "Engineers log in to the sample machine." }
spec:
  who: { group: engineers }
  where: { connection: site-demo }
  effects: [read, write, execute]
---
apiVersion: hoop/v1
kind: guard
metadata: { name: site-demo-keeps-its-files, description: "In a shell, too: each line is read before it runs." }
spec:
  where: { connection: site-demo }
  when: { attributes: { commands: [rm, dd, mkfs*, shred] } }
  action: deny
  reason: nothing is removed on site-demo
`;

const newSecret = (): string => randomBytes(18).toString("base64url");

const quiet = { info() {}, warn() {}, error() {}, debug() {} };

/** Starts gateway, sample PostgreSQL, agent and tunnel, each a process of its own, and a sample web site and machine. `step` is told what happens. */
export async function startDemo(options: {
  folder: string;
  step: (text: string) => void;
  signal: AbortSignal;
}): Promise<Demo> {
  const { folder, signal } = options;
  const step = (text: string): void => {
    signal.throwIfAborted();
    options.step(text);
  };
  await claimFolder(folder, cli);
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one().catch(() => {});
    await removeLeftovers(folder, cli);
    releaseFolder(folder);
  };
  const start = async <T>(args: readonly string[], how: Parameters<typeof startChild>[1]): Promise<T> => {
    // In a process group of its own: Ctrl-C is ours to handle, we stop them in order.
    const { child, ready } = await startChild<T>(args, {
      ...how,
      ownGroup: true,
      spawned: (pid) => noteChild(folder, pid),
    });
    stops.push(() => child.stop());
    return ready;
  };
  try {
    const path = (...parts: string[]): string => join(folder, ...parts);
    const clean = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !name.startsWith("HOOP_") && !name.startsWith("PG") && name !== "DATABASE_URL",
      ),
    );
    const admin = { name: "admin", password: randomBytes(12).toString("base64url") };
    const user = { name: "ada", password: randomBytes(12).toString("base64url") };
    mkdirSync(path("admin"), { recursive: true, mode: 0o700 });
    writeFileSync(path("admin", "password"), admin.password, { mode: 0o600 });

    step("a sample PostgreSQL");
    const targetPassword = newSecret();
    const sample = await startEmbeddedPostgres({
      dataDir: path("sample"),
      listen: { host: "127.0.0.1", port: 0 },
      users: [{ name: "demo", password: targetPassword }],
      database: "demo",
      seedSql: sampleSql,
      systemUser: "hoop-sample",
      log: quiet,
      signal,
    });
    stops.push(() => sample.stop());
    await giveSampleRoles(sample.admin);
    const target = sample.address;
    if (!target) throw new HoopError("internal", "the sample PostgreSQL has no address");

    step("a sample web site");
    const anyPort = { host: "127.0.0.1", port: 0 };
    const siteToken = newSecret();
    const site = await startSite({ token: siteToken, listen: anyPort });
    stops.push(() => site.stop());

    step("a sample machine to log in to");
    const machinePassword = newSecret();
    const machine = await startSshSite({ password: machinePassword, listen: anyPort });
    stops.push(() => machine.stop());

    step("a gateway, with a PostgreSQL of its own for its state");
    const gateway = await start<{ http: string; grpc: string }>([cli, "gateway", "--json"], {
      env: {
        ...clean,
        HOOP_STATE_DIR: path("gateway"),
        HOOP_HTTP_LISTEN: `127.0.0.1:${await freePort(7480)}`,
        HOOP_GRPC_LISTEN: `127.0.0.1:${await freePort(7443)}`,
        HOOP_ADMIN_NAME: admin.name,
        HOOP_ADMIN_PASSWORD_FILE: path("admin", "password"),
        HOOP_DRAIN_MS: "500",
        HOOP_LOG_LEVEL: "warn",
        // The tour shows an agent at work, so its samples are beyond one; the gateway's own would be their doubles.
        HOOP_SAMPLES: "off",
      },
      readyMs: 120_000,
      isReady: (line) => line.event === "ready",
    });
    const { http } = gateway;

    const hoop = async (who: "engineer" | "admin", args: readonly string[], input = ""): Promise<string> => {
      const result = await runChild(process.execPath, [cli, ...args], {
        env: { ...clean, HOOP_HOME: path(who) },
        input,
      });
      if (result.code !== 0)
        throw new HoopError("internal", `hoop ${args.join(" ")} failed:\n${result.stderr}${result.stdout}`);
      return result.stdout;
    };
    await hoop("admin", ["login", http, "--user", admin.name], admin.password);
    await hoop(
      "admin",
      ["users", "add", user.name, "--group", "engineers", "--group", "writers", "--password-stdin"],
      user.password,
    );

    step("an agent, in a process of its own that dials out");
    const { token } = JSON.parse(await hoop("admin", ["agents", "join-token", "demo-site", "--json"])) as {
      token: string;
    };
    await start(
      [
        cli,
        "agent",
        "--json",
        "--gateway",
        `https://${gateway.grpc}`,
        "--state",
        path("agent"),
        "--allow",
        `127.0.0.1:${target.port}`,
        "--allow",
        `127.0.0.1:${site.port}`,
        "--allow",
        `127.0.0.1:${machine.port}`,
      ],
      {
        // Not as a flag: every user of the machine reads those.
        env: { ...clean, HOOP_AGENT_JOIN: token, HOOP_AGENT_DRAIN_MS: "500" },
        readyMs: 60_000,
        isReady: (line) => line.event === "connected",
      },
    );
    await hoop(
      "admin",
      [
        "connections",
        "add",
        "pg-demo",
        "--protocol",
        "postgres",
        "--host",
        "127.0.0.1",
        "--port",
        String(target.port),
        "--agent",
        "demo-site",
        "--user",
        "demo",
        "--target",
        "database=demo",
        // Each session logs in as a user of the person's own, that may do what this role may.
        "--credential",
        `roles=${sampleRole}`,
        "--label",
        "env=demo",
        "--tls",
        "disable",
        "--password-stdin",
      ],
      targetPassword,
    );

    await hoop(
      "admin",
      [
        ...["connections", "add", "web-demo", "--protocol", "http", "--host", "127.0.0.1", "--port", String(site.port)],
        ...["--target", 'auth={"kind":"bearer"}', "--label", "env=demo", "--label", "fields=personal"],
        // On this machine the agent is not further away than the site itself.
        ...["--agent", "demo-site", "--exposes-credential-to-agent", "--password-stdin"],
      ],
      siteToken,
    );

    await hoop(
      "admin",
      [
        ...["connections", "add", "site-demo", "--protocol", "ssh", "--host", "127.0.0.1"],
        ...["--port", String(machine.port), "--agent", "demo-site", "--user", "deploy"],
        ...["--target", "user=deploy", "--target", "home=/home/deploy", "--label", "env=demo", "--password-stdin"],
      ],
      machinePassword,
    );
    await hoop("admin", ["apply", "-f", "-", "--yes"], siteRules);

    step("the tunnel");
    await hoop("engineer", ["login", http, "--user", user.name], user.password);
    const status = await start<TunnelStatus>([cli, "tunnel", "up", "--json"], {
      env: { ...clean, HOOP_HOME: path("engineer") },
      readyMs: 60_000,
      isReady: (line) => line.event === "ready",
    });

    return {
      http,
      user,
      admin,
      tunnel: status,
      hoop: (who, ...args) => hoop(who, args),
      engineerHome: path("engineer"),
      stop,
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** The wanted port, or any other where it is taken. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", () =>
      wanted === 0 ? reject(new HoopError("unavailable", "no port is free")) : resolve(freePort(0)),
    );
    probe.listen(wanted, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : wanted));
    });
  });
}
