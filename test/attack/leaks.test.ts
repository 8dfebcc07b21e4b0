import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runChild } from "../../src/demo/child.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

/** What nobody but the engineer who typed it, the target, and whoever opens a sealed part may ever see. */
const literal = "4539-1488-0343-6467-literal";
let target: PostgresServer;
let hoop: RunningHoop;
/** What must be nowhere in the clear, by what it is. */
let secrets: Record<string, string>;

beforeAll(async () => {
  target = await startPostgres();
  hoop = await startHoop({ target, gateway: { HOOP_LOG_LEVEL: "debug" } });
  const logins = JSON.parse(readFileSync(join(hoop.folder, "engineer", "logins.json"), "utf8")) as {
    logins: { accessToken: string; refreshToken: string }[];
  };
  const admin = JSON.parse(readFileSync(join(hoop.folder, "admin", "logins.json"), "utf8")) as typeof logins;
  secrets = {
    "the target's password": target.password,
    "the engineer's access token": logins.logins[0]!.accessToken,
    "the engineer's refresh token": logins.logins[0]!.refreshToken,
    "the admin's access token": admin.logins[0]!.accessToken,
    "the master key": readFileSync(join(hoop.folder, "gateway", "master.key"), "utf8").trim(),
    "a literal of a statement": literal,
  };
  for (const value of Object.values(secrets)) expect(value.length).toBeGreaterThan(8);
  // Statements that are answered, refused by the target, and broken.
  const psql = (sql: string) => runChild("psql", ["-X", "-c", sql], { env: hoop.clientEnv() });
  expect((await psql(`select '${literal}' as card`)).stdout).toContain(literal);
  await psql(`select * from no_such_table where card = '${literal}'`);
  await psql(`select '${literal}'::int`);
  await psql(`selekt '${literal}'`);
  await hoop.hoop("admin", ["connections", "test", "pg"]);
});

afterAll(async () => {
  await hoop?.stop();
  await target?.stop();
});

/** What a program that runs keeps open may be gone by the time it is looked at: a temporary file, a process. */
function unlessGone<T>(look: () => T, gone: T): T {
  try {
    return look();
  } catch (error) {
    if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return gone;
  }
}

function* files(folder: string): Generator<string> {
  for (const entry of unlessGone(() => readdirSync(folder, { withFileTypes: true }), [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile() && unlessGone(() => statSync(path).size, Infinity) < 64 * 1024 * 1024) yield path;
  }
}

const bytesOf = (path: string): Buffer => unlessGone(() => readFileSync(path), Buffer.alloc(0));

/** Which secrets stand in these bytes. */
const found = (bytes: Buffer, except: readonly string[] = []): string[] =>
  Object.entries(secrets)
    .filter(
      ([what, value]) =>
        !except.includes(what) &&
        (bytes.includes(value) ||
          bytes.includes(Buffer.from(value).toString("base64").replace(/=+$/, "").slice(0, -2))),
    )
    .map(([what]) => what);

test("no secret and no literal lies in the state of gateway and agent: journal, store, its write-ahead log, keys", () => {
  const leaks: string[] = [];
  let looked = 0;
  // Run by root, the embedded server keeps its files where its own user can reach them.
  const location = readFileSync(join(hoop.folder, "gateway", "postgres", "location"), "utf8").trim();
  for (const part of [
    join(hoop.folder, "gateway"),
    join(hoop.folder, "agent"),
    resolve(hoop.folder, "gateway", "postgres", location),
  ]) {
    for (const file of files(part)) {
      looked += 1;
      const except = file.endsWith("/master.key") ? ["the master key"] : [];
      for (const what of found(bytesOf(file), except)) leaks.push(`${what} in ${file.slice(hoop.folder.length)}`);
    }
  }
  // A whole database was looked through.
  expect(looked).toBeGreaterThan(500);
  expect(leaks).toEqual([]);
});

test("no secret is in what the programs log, at their most talkative, nor in their arguments and environment", () => {
  const leaks: string[] = [];
  for (const [name, program] of Object.entries({ gateway: hoop.gateway, agent: hoop.agent!, tunnel: hoop.tunnel })) {
    const pids = [program.pid, ...children(program.pid)];
    for (const pid of pids) {
      for (const file of ["cmdline", "environ"]) {
        for (const what of found(bytesOf(`/proc/${pid}/${file}`))) leaks.push(`${what} in ${file} of ${name}`);
      }
    }
    for (const what of found(Buffer.from(program.words()))) leaks.push(`${what} in the log of ${name}`);
  }
  expect(leaks).toEqual([]);
});

test("no answer of the API and no export holds a secret or a literal", async () => {
  const leaks: string[] = [];
  const sessions = JSON.parse(await hoop.hoop("engineer", ["sessions", "ls", "--json"])) as
    | { id: string }[]
    | { items: { id: string }[] };
  const list = Array.isArray(sessions) ? sessions : sessions.items;
  expect(list.length).toBeGreaterThan(3);
  const asked: [string, "admin" | "engineer", string[]][] = [
    ["connections", "admin", ["connections", "ls", "--json"]],
    ["agents", "admin", ["agents", "ls", "--json"]],
    ["users", "admin", ["users", "ls", "--json"]],
    ["policy", "admin", ["policy", "show", "--json"]],
    ...list.map(({ id }): [string, "engineer", string[]] => [
      "entries",
      "engineer",
      ["sessions", "show", id, "--json"],
    ]),
  ];
  let statements = "";
  for (const [what, who, args] of asked) {
    const answer = await hoop.hoop(who, args);
    if (what === "entries") statements += answer;
    for (const leak of found(Buffer.from(answer))) leaks.push(`${leak} in ${what}`);
  }
  expect(statements).toContain("no_such_table");
  for (const leak of found(Buffer.from(await hoop.verifyAudit()))) leaks.push(`${leak} in the audit's export`);
  expect(leaks).toEqual([]);
});

test("what is secret on disk is the owner's alone", () => {
  const open: string[] = [];
  for (const path of ["gateway/master.key", "agent/agent.json", "engineer/logins.json", "admin/logins.json"]) {
    const { mode } = statSync(join(hoop.folder, path));
    if ((mode & 0o077) !== 0) open.push(`${path} ${(mode & 0o777).toString(8)}`);
  }
  for (const file of files(join(hoop.folder, "gateway", "journal")))
    if ((unlessGone(() => statSync(file).mode, 0) & 0o077) !== 0) open.push(file);
  expect(open).toEqual([]);
});

function children(pid: number): number[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return all.filter((name) => parentOf(name) === pid).map(Number);
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}
