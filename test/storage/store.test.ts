import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeEmbeddedPostgres } from "../../src/storage/embedded/remove.js";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/storage/embedded/start.js";
import { openStore } from "../../src/storage/open-store.js";
import type { Store } from "../../src/storage/store.js";
import { keptLog, temporaryFolder } from "./support.js";

let server: EmbeddedPostgres;
let dataDir: string;
let url: string;
let remove: () => Promise<void>;
const opened: Store[] = [];

beforeAll(async () => {
  const temporary = await temporaryFolder();
  await chmod(temporary.path, 0o755);
  dataDir = join(temporary.path, "server");
  server = await startEmbeddedPostgres({
    dataDir,
    listen: { host: "127.0.0.1", port: 0 },
    database: "hoop",
    log: keptLog(),
  });
  url = `postgres://${server.admin.user}:${server.admin.password}@127.0.0.1:${server.address!.port}/hoop`;
  remove = temporary.remove;
});
afterAll(async () => {
  for (const store of opened) await store.close();
  await server.stop();
  await removeEmbeddedPostgres(dataDir);
  await remove();
});

async function open(databaseUrl = url, log = keptLog()): Promise<Store> {
  const store = await openStore(
    { databaseUrl, dataDir: "/nonexistent", poolSize: 4, statementTimeoutMs: 2_000 },
    { log, signal: new AbortController().signal },
  );
  opened.push(store);
  return store;
}

test("replicas that start together migrate once and hear of each other's changes", async () => {
  const [a, b] = await Promise.all([open(), open()]);
  const heard: string[] = [];
  a.changes.watch("policy", () => heard.push("a"));
  b.changes.watch("policy", () => heard.push("b"));
  b.changes.watch("agents", () => heard.push("other topic"));
  await a.changes.publish("policy");
  await expect.poll(() => heard.toSorted(), { interval: 10 }).toEqual(["a", "b"]);
});

test("a change takes effect with its transaction, or not at all", async () => {
  const store = await open();
  let heard = 0;
  store.changes.watch("connections", () => heard++);
  const rolledBack = store.db.transaction().execute(async (trx) => {
    await store.changes.publish("connections", trx);
    throw new Error("no");
  });
  await expect(rolledBack).rejects.toThrow("no");
  await store.changes.publish("connections");
  await expect.poll(() => heard).toBe(1);
});

test("a change whose notification is lost is seen by the poll", async () => {
  const store = await open();
  let heard = 0;
  store.changes.watch("sessions", () => heard++);
  await sql`insert into hoop_changes (topic, version) values ('sessions', 1) on conflict (topic) do update set version = hoop_changes.version + 1`.execute(
    store.db,
  );
  await expect.poll(() => heard).toBe(1);
});

test("a watcher that throws does not silence the others", async () => {
  const store = await open();
  let heard = 0;
  store.changes.watch("secrets", () => {
    throw new Error("mine");
  });
  store.changes.watch("secrets", () => heard++);
  await store.changes.publish("secrets");
  await expect.poll(() => heard).toBe(1);
});

test("the store is lost and found: staleness grows, queries fail clearly, then all goes on and nothing is missed", async () => {
  const log = keptLog();
  const store = await open(url, log);
  let heard = 0;
  store.changes.watch("identity", () => heard++);
  await expect.poll(() => store.changes.staleness()).toBeLessThan(500);
  const before = server.pid!;
  process.kill(before, "SIGKILL");
  await expect.poll(() => store.changes.staleness()).toBeGreaterThan(300);
  await expect
    .poll(() =>
      sql`select 1`.execute(store.db).then(
        () => "ok",
        () => "failed",
      ),
    )
    .toBe("ok");
  await store.changes.publish("identity");
  await expect.poll(() => heard).toBeGreaterThan(0);
  await expect.poll(() => store.changes.staleness()).toBeLessThan(500);
});

test("a statement that takes too long is ended", async () => {
  const store = await open();
  await expect(sql`select pg_sleep(30)`.execute(store.db)).rejects.toMatchObject({ code: "57014" });
});

test("a store that cannot be reached is a clear error without the password", async () => {
  const failure = await open("postgres://hoop:topsecret@127.0.0.1:1/hoop").catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "unavailable", hint: "check DATABASE_URL" });
  expect(JSON.stringify(failure)).not.toContain("topsecret");
});

test("a store that a newer Hoop migrated is refused", async () => {
  const store = await open();
  await sql`insert into hoop_migrations (name, timestamp) values ('9999-from-the-future', '2030-01-01')`.execute(
    store.db,
  );
  await expect(open()).rejects.toMatchObject({ code: "precondition-failed" });
  await sql`delete from hoop_migrations where name = '9999-from-the-future'`.execute(store.db);
});
