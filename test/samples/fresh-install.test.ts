import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TunnelStatus } from "../../src/client/tunnel/status.js";
import { type Child, runChild, startChild } from "../../src/demo/child.js";

// What somebody has who starts a gateway and a tunnel, and sets nothing but where this test keeps its files.
const run = promisify(execFile);
const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hoop-fresh-"));
const password = randomBytes(12).toString("base64url");
const clean = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(HOOP_|PG|DATABASE_URL|NODE_OPTIONS|VITEST)/.test(name)),
);

interface Ready {
  readonly http: string;
  readonly setup: { readonly token: string } | null;
}
let gateway: Child | null = null;
let tunnel: Child | null = null;
let place: (name: string) => { host: string; port: number };

async function startGateway(settings: Readonly<Record<string, string>> = {}): Promise<Ready> {
  const started = await startChild<Ready>([cli, "gateway", "--json"], {
    env: {
      ...clean,
      HOOP_STATE_DIR: join(folder, "gateway"),
      HOOP_HTTP_LISTEN: "127.0.0.1:0",
      HOOP_GRPC_LISTEN: "127.0.0.1:0",
      HOOP_DRAIN_MS: "200",
      HOOP_LOG_LEVEL: "warn",
      ...settings,
    },
    readyMs: 90_000,
    isReady: (line) => line.event === "ready",
  });
  gateway = started.child;
  return started.ready;
}

async function hoop(args: readonly string[], input = "") {
  return runChild(process.execPath, [cli, ...args], { env: { ...clean, HOOP_HOME: join(folder, "home") }, input });
}

async function names(): Promise<string[]> {
  const { stdout } = await hoop(["connections", "ls", "--json"]);
  return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name).sort();
}

async function startTunnel(http: string): Promise<void> {
  await tunnel?.stop();
  const login = await hoop(["login", http, "--user", "ada"], password);
  expect(login.stderr).toBe("");
  const started = await startChild<TunnelStatus>([cli, "tunnel", "up", "--json", "--names", "none"], {
    env: { ...clean, HOOP_HOME: join(folder, "home") },
    readyMs: 90_000,
    isReady: (line) => line.event === "ready",
  });
  tunnel = started.child;
  place = (name) => {
    const found = started.ready.connections.find((one) => one.name === name);
    if (!found) throw new Error(`the tunnel does not offer ${name}`);
    return { host: found.address, port: found.port };
  };
}

const psql = (sql: string) => {
  const { host, port } = place("pg-demo");
  return run("psql", ["-h", host, "-p", String(port), "-At", "-c", sql], {
    env: { ...clean, PGSSLMODE: "disable", PGUSER: "anybody", PGDATABASE: "demo" },
  });
};
const ssh = (...words: string[]) => {
  const { host, port } = place("site-demo");
  const unknownHosts = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];
  return run("ssh", ["-F", "none", ...unknownHosts, "-o", "BatchMode=yes", "-p", String(port), host, ...words]);
};
const curl = (path: string) => {
  const { host, port } = place("web-demo");
  return run("curl", ["-sS", "--connect-to", `web-demo.hoop:80:${host}:${port}`, `http://web-demo.hoop${path}`]);
};

/** Where the sample database is: where its user cannot reach our folder, elsewhere. */
function databaseFolder(): string {
  const [server] = readdirSync(join(folder, "gateway", "samples"));
  const at = join(folder, "gateway", "samples", server!);
  return join(resolve(at, readFileSync(join(at, "location"), "utf8").trim()), "data");
}

/** Processes of this gateway's samples. */
function sampleProcesses(): { pid: number; name: string; uid: number; args: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const args = readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " ");
        const status = readFileSync(`/proc/${name}/status`, "utf8");
        const parent = Number(/^PPid:\s+(\d+)/m.exec(status)![1]);
        if (parent !== gateway!.process.pid) return [];
        const uid = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)![1]);
        const isSample =
          args.includes("samples/server/main.js") || readlinkSync(`/proc/${name}/cwd`) === databaseFolder();
        return isSample ? [{ pid: Number(name), name, uid, args }] : [];
      } catch {
        return [];
      }
    });
}

beforeAll(async () => {
  const { http, setup } = await startGateway();
  const made = await fetch(`${http}/api/v1/setup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: setup!.token, name: "ada", password }),
  });
  expect(made.status).toBeLessThan(300);
  await startTunnel(http);
});

afterAll(async () => {
  await tunnel?.stop();
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("nothing runs before somebody asks for it", () => {
  expect(sampleProcesses()).toEqual([]);
});

test("psql, ssh and curl reach the samples, under the default rules", async () => {
  expect(await names()).toEqual(["pg-demo", "site-demo", "web-demo"]);
  const customers = await psql("select name, email from customers order by id limit 1");
  expect(customers.stdout.trim()).toBe("Grace Hopper|g***@n***.org");
  await expect(psql("delete from orders")).rejects.toThrow(/destructive-needs-where/);

  expect((await ssh("cat orders.csv")).stdout).toContain("Grace Hopper");
  expect((await ssh("hostname")).stdout).toBe("site-demo\n");

  const { host, port } = place("site-demo");
  const copied = join(folder, "orders.csv");
  const way = [
    "-F",
    "none",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "BatchMode=yes",
  ];
  await run("scp", [...way, "-P", String(port), `${host}:orders.csv`, copied], { timeout: 30_000 });
  expect(readFileSync(copied, "utf8")).toContain("Grace Hopper");

  const [first] = JSON.parse((await curl("/api/customers")).stdout) as { name: string; email: string }[];
  expect(first).toMatchObject({ name: "Grace Hopper", email: "g***@n***.org" });
});

test("hoop connections test finds the database well", async () => {
  expect(await hoop(["connections", "test", "pg-demo"])).toMatchObject({ code: 0 });
  for (const name of ["site-demo", "web-demo"]) {
    const { code, stdout } = await hoop(["connections", "test", name]);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(`${name} is reached`) });
  }
});

test("the machine has no shell of this computer, and no way on from it", async () => {
  await expect(ssh("cat /etc/passwd")).rejects.toMatchObject({ code: 1 });
  await expect(ssh("/bin/sh -c id")).rejects.toMatchObject({ code: 127 });
  const { host, port } = place("site-demo");
  const forward = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"];
  const through = run("ssh", ["-F", "none", ...forward, "-p", String(port), "-W", "127.0.0.1:22", host], {
    timeout: 60_000,
  });
  await expect(through).rejects.toMatchObject({ code: 255 });
});

test("the samples are other users than root, know none of the gateway's settings, and listen on no port", async () => {
  await ssh("true");
  await psql("select 1");
  const found = sampleProcesses();
  expect(found.map(({ args }) => (args.includes("server/main.js") ? "server" : "postgres")).sort()).toEqual([
    "postgres",
    "server",
  ]);
  for (const { pid, uid } of found) {
    if (process.getuid!() === 0) expect(uid).not.toBe(0);
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
    expect(environment).not.toContain("HOOP_");
    const sockets = new Set(
      readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
        try {
          return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? ""];
        } catch {
          return [];
        }
      }),
    );
    const listening = ["tcp", "tcp6"]
      .flatMap((kind) => readFileSync(`/proc/net/${kind}`, "utf8").split("\n").slice(1))
      .filter((line) => sockets.has(line.trim().split(/\s+/)[9] ?? "-"));
    expect(listening).toEqual([]);
  }
});

test("what ended by itself is there again for the next one, with the same host key", async () => {
  const [server] = sampleProcesses().filter(({ args }) => args.includes("server/main.js"));
  process.kill(server!.pid, "SIGKILL");
  await expect.poll(() => existsSync(`/proc/${server!.pid}`)).toBe(false);
  expect((await ssh("whoami")).stdout).toBe("deploy\n");
});

test("a gateway that is killed takes its samples with it, or the next start ends them", async () => {
  await ssh("true");
  await psql("select 1");
  const before = sampleProcesses();
  expect(before).toHaveLength(2);
  const gone = new Promise((resolve) => gateway!.process.once("close", resolve));
  gateway!.process.kill("SIGKILL");
  await gone;
  const { http } = await startGateway();
  await expect.poll(() => before.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([]);
  await startTunnel(http);
  const changed = await psql("insert into orders (customer_id, item, amount) values (1, 'abacus', 1) returning item");
  expect(changed.stdout).toContain("abacus");
});

test("what was removed stays away", async () => {
  for (const name of ["pg-demo", "web-demo", "site-demo"])
    expect(await hoop(["connections", "rm", name, "--yes"])).toMatchObject({ code: 0 });
  expect(readdirSync(join(folder, "gateway", "samples"))).toHaveLength(1);
  await gateway!.stop();
  const { http } = await startGateway();
  await startTunnel(http);
  expect(await names()).toEqual([]);
  expect(sampleProcesses()).toEqual([]);
  // Nor does the database keep its files.
  expect(readdirSync(join(folder, "gateway", "samples"))).toEqual([]);
});

test("switched off, there are none, and those that are there lead nowhere and say so", async () => {
  await gateway!.stop();
  rmSync(join(folder, "gateway"), { recursive: true, force: true });
  const first = await startGateway({ HOOP_SAMPLES: "off" });
  await fetch(`${first.http}/api/v1/setup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: first.setup!.token, name: "ada", password }),
  });
  await hoop(["logout"]);
  await startTunnel(first.http);
  expect(await names()).toEqual([]);
  const added = ["connections", "add", "mine", "--protocol", "postgres", "--host", "pg-demo.samples.hoop"];
  expect(await hoop([...added, "--user", "demo", "--password-stdin"], "whatever")).toMatchObject({ code: 0 });
  const tested = await hoop(["connections", "test", "mine"]);
  expect(tested.code).not.toBe(0);
  expect(tested.stderr + tested.stdout).toContain("samples are switched off");
});
