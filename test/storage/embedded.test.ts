import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { removeEmbeddedPostgres } from "../../src/storage/embedded/remove.js";
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from "../../src/storage/embedded/start.js";
import { keptLog, temporaryFolder } from "./support.js";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server's folder, in one that is open to others unless asked otherwise. */
async function folder(mode = 0o755): Promise<string> {
  const temporary = await temporaryFolder();
  await chmod(temporary.path, mode);
  const dataDir = join(temporary.path, "store");
  cleanups.push(async () => {
    await removeEmbeddedPostgres(dataDir);
    await temporary.remove();
  });
  return dataDir;
}

function start(dataDir: string, more: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir, listen: "socket", database: "hoop", log: keptLog(), ...more });
}

/** A server that the test stops in the end. */
async function started(dataDir: string, more: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await start(dataDir, more);
  cleanups.push(() => server.stop());
  return server;
}

async function query(server: EmbeddedPostgres, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(server.admin);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** A process that has ended may wait to be collected by its parent: it does not run. */
function runs(pid: number): boolean {
  return (
    spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" })
      .stdout.trim()
      .replace(/^Z.*/, "") !== ""
  );
}

test("starts a real server on its own socket, durable, not as root, with no TCP", async () => {
  const dataDir = await folder();
  const server = await started(dataDir);
  const [row] = await query(
    server,
    "select current_setting('fsync') as fsync, current_setting('listen_addresses') as tcp, current_setting('server_version_num')::int as n",
  );
  expect(row).toMatchObject({ fsync: "on", tcp: "" });
  expect(row!.n).toBeGreaterThanOrEqual(180000);
  expect((await stat(join(dataDir, "password"))).mode & 0o777).toBe(0o600);
  expect((await stat(server.admin.host)).mode & 0o777).toBe(0o700);
  const guess = { ...server, admin: { ...server.admin, password: "guess" } } as EmbeddedPostgres;
  await expect(query(guess, "select 1")).rejects.toThrow(/password authentication failed/);
});

test.runIf(process.platform === "linux")("the server is not root and knows nothing of our environment", async () => {
  process.env.HOOP_TEST_SECRET = "do not tell";
  const server = await started(await folder());
  delete process.env.HOOP_TEST_SECRET;
  expect((await stat(`/proc/${server.pid}`)).uid).not.toBe(0);
  expect(await readFile(`/proc/${server.pid}/environ`, "latin1")).not.toContain("HOOP_TEST_SECRET");
});

test("data stays, also where the state folder is closed to everybody else", async () => {
  const dataDir = await folder(0o700);
  const first = await start(dataDir);
  await query(first, "create table kept (n int); insert into kept values (7)");
  await first.stop();
  const second = await started(dataDir);
  expect(await query(second, "table kept")).toEqual([{ n: 7 }]);
});

test("removing a server takes what lies elsewhere along, and refuses while it runs", async () => {
  const dataDir = await folder(0o700);
  const server = await start(dataDir);
  const [row] = await query(server, "show data_directory");
  await expect(removeEmbeddedPostgres(dataDir)).rejects.toMatchObject({ code: "conflict" });
  await server.stop();
  await removeEmbeddedPostgres(dataDir);
  await expect(stat(String(row!.data_directory))).rejects.toMatchObject({ code: "ENOENT" });
  await expect(stat(dataDir)).rejects.toMatchObject({ code: "ENOENT" });
});

test.runIf(process.getuid?.() === 0)(
  "what a temporary state folder left elsewhere goes with the next start",
  async () => {
    const gone = await folder(0o700);
    const server = await start(gone);
    const [row] = await query(server, "show data_directory");
    await server.stop();
    const stays = await folder(0o700);
    await (await start(stays)).stop();
    expect((await stat(String(row!.data_directory))).isDirectory()).toBe(true);
    await rm(gone, { recursive: true });
    await (await start(await folder(0o700))).stop();
    await expect(stat(String(row!.data_directory))).rejects.toMatchObject({ code: "ENOENT" });
    await (await start(stays)).stop();
  },
);

test("a path too long for a socket is no obstacle", async () => {
  const dataDir = join(await folder(), "x".repeat(100));
  cleanups.push(() => removeEmbeddedPostgres(dataDir));
  const server = await started(dataDir);
  expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("one owner a folder, also of many that start at once", async () => {
  const dataDir = await folder();
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => start(dataDir)));
  const won = outcomes.filter((outcome) => outcome.status === "fulfilled");
  expect(won).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected")
      expect(outcome.reason).toMatchObject({ code: "conflict", message: expect.stringContaining(String(process.pid)) });
  }
  await won[0]!.value.stop();
  await (await start(dataDir)).stop();
});

test("a server whose parent was killed with -9 is stopped first, and no row is lost", async () => {
  const dataDir = await folder();
  const program = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(join(process.cwd(), "dist/storage/embedded/start.js"))});
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, listen: "socket", database: "hoop", log });
    console.log(JSON.stringify({ pid: server.pid, admin: server.admin }));
    setInterval(() => {}, 1000);
  `;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const orphan = JSON.parse(line.toString()) as { pid: number; admin: EmbeddedPostgres["admin"] };
  await expect(start(dataDir)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining(String(parent.pid)),
  });
  await query({ admin: orphan.admin } as EmbeddedPostgres, "create table kept (n int); insert into kept values (7)");
  parent.kill("SIGKILL");
  await once(parent, "exit");
  expect(runs(orphan.pid)).toBe(true);

  const log = keptLog();
  const server = await started(dataDir, { log });
  expect(server.pid).not.toBe(orphan.pid);
  expect(runs(orphan.pid)).toBe(false);
  expect(log.lines.map(({ text }) => text)).toContain("stopped an embedded PostgreSQL whose gateway was gone");
  expect(await query(server, "table kept")).toEqual([{ n: 7 }]);
});

test("a pid file that names somebody else's process neither kills it nor stands in the way", async () => {
  const dataDir = await folder();
  const first = await start(dataDir);
  const [row] = await query(first, "show data_directory");
  await first.stop();
  const bystander = spawn("sleep", ["60"]);
  await writeFile(join(String(row!.data_directory), "postmaster.pid"), `${bystander.pid}\n`);
  await started(dataDir);
  expect(bystander.exitCode).toBeNull();
  bystander.kill();
});

test("a server that is killed comes back by itself", async () => {
  const server = await started(await folder());
  await query(server, "create table kept (n int); insert into kept values (7)");
  const killed = server.pid!;
  process.kill(killed, "SIGKILL");
  await expect.poll(() => query(server, "table kept").catch(() => null)).toEqual([{ n: 7 }]);
  expect(server.pid).not.toBe(killed);
});

test("a sample target: TCP on loopback, users, and a seed that runs once", async () => {
  const dataDir = await folder();
  const sample: Partial<EmbeddedPostgresOptions> = {
    listen: { host: "127.0.0.1", port: 0 },
    database: "shop",
    users: [{ name: "app", password: "app's secret" }],
    seedSql:
      "create table customers (name text); insert into customers values ('ada'); grant select on customers to app;",
  };
  const first = await start(dataDir, sample);
  const asApp = {
    ...first,
    admin: { ...first.address!, user: "app", password: "app's secret", database: "shop" },
  } as EmbeddedPostgres;
  expect(await query(asApp, "table customers")).toEqual([{ name: "ada" }]);
  await first.stop();
  const second = await started(dataDir, sample);
  expect(await query(second, "table customers")).toEqual([{ name: "ada" }]);
});

test("a seed that fails leaves no half-filled database behind", async () => {
  const dataDir = await folder();
  const wrong = { database: "shop", seedSql: "create table a (n int); select 1/0" };
  await expect(start(dataDir, wrong)).rejects.toMatchObject({ code: "invalid" });
  const server = await started(dataDir, { ...wrong, seedSql: "create table b (n int)" });
  expect(await query(server, "select relname from pg_class where relname in ('a', 'b')")).toEqual([{ relname: "b" }]);
});

test("it listens on loopback only", async () => {
  await expect(start(await folder(), { listen: { host: "0.0.0.0", port: 0 } })).rejects.toMatchObject({
    code: "invalid",
  });
});
