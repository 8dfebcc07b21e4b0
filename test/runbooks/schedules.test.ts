import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadRunbook } from "../../src/runbooks/index.js";
import { planSchedules, startDue } from "../../src/runbooks/schedules.js";
import type { RunbookStore } from "../../src/runbooks/store.js";
import { openStore } from "../../src/storage/open-store.js";
import { createRunbookStore } from "../../src/storage/runbooks.js";
import type { Store } from "../../src/storage/store.js";
import { type Subject, subjectId } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

let postgres: PostgresServer;
let store: Store;
let runbooks: RunbookStore;
let folder: string;
const log = { debug() {}, info() {}, warn() {}, error() {} };
const bot: Subject = { id: subjectId(randomUUID()), kind: "service", name: "bot", groups: [], version: 1 };
const text = (name: string, missed: string) =>
  `---\napiVersion: hoop/v1\nkind: runbook\nmetadata: { name: ${name} }\nspec:\n  as: bot\n  schedules: [{ cron: "0 3 * * *", missed: ${missed} }]\n  steps: [{ name: go, connection: pg, sql: select 1 }]\n---\n`;

beforeAll(async () => {
  postgres = await startPostgres({ version: 15, settings: {} });
  folder = mkdtempSync(join(tmpdir(), "hoop-schedules-"));
  const databaseUrl = `postgres://${postgres.user}:${postgres.password}@${postgres.host}:${postgres.port}/${postgres.database}`;
  store = await openStore(
    { databaseUrl, dataDir: join(folder, "pg"), poolSize: 5, statementTimeoutMs: 20_000 },
    { log, signal: new AbortController().signal },
  );
  const key = createSecretKey(randomBytes(32));
  runbooks = createRunbookStore(store, {
    current: () => ({ id: randomUUID(), generation: 1, key }),
    byId: async () => key,
  });
});
afterAll(async () => {
  await store?.close();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, missed: string) =>
  runbooks.put({
    name,
    text: text(name, missed),
    hash: loadRunbook(text(name, missed)).hash,
    origin: { kind: "store" },
    by: { id: "x", name: "x" },
  });
const dueAgo = (name: string, seconds: number) =>
  sql`update runbook_schedules set next_at = now() - make_interval(secs => ${seconds}) where runbook = ${name}`.execute(
    store.db,
  );
const subjects = {
  byId: async () => bot,
  byName: async (name: string) => (name === "bot" ? bot : null),
  mayRunAny: () => true,
};

test("what is due starts once, whichever replicas look; what was missed is left out or made up for, as it says", async () => {
  for (const [name, missed] of [
    ["now", "skip"],
    ["skipped", "skip"],
    ["made-up", "once"],
  ] as const)
    await put(name, missed);
  await planSchedules(runbooks);
  await dueAgo("now", 2);
  await dueAgo("skipped", 3_600);
  await dueAgo("made-up", 3_600);
  // Planning again finds them due still.
  await planSchedules(runbooks);
  const started = new Map<string, Set<string>>();
  const runner = {
    start: async (request: { runbook: string; key: string }) => {
      started.set(request.runbook, (started.get(request.runbook) ?? new Set()).add(request.key));
      return {} as never;
    },
  };
  await Promise.all([1, 2, 3].map(() => startDue({ store: runbooks, subjects, runner, log })));
  await startDue({ store: runbooks, subjects, runner, log });
  // The same key from each replica: one run.
  expect(Object.fromEntries([...started].map(([name, keys]) => [name, keys.size]))).toEqual({ now: 1, "made-up": 1 });
  expect(await runbooks.due(10)).toEqual([]);
});

test("one key is one run, a run is written to by its own replica only, and one that is silent is adopted once", async () => {
  const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
  const run = {
    runbook: "now",
    version: 1,
    hash: "h",
    state: "running",
    origin: "schedule",
    subject: bot,
    asker: bot,
    acting: { onBehalfOf: null, bounds: [] },
    cause: [],
    key: "k",
    replica: a,
    parameters: { secret: "s3cret" },
  } as const;
  const opened = await Promise.all([1, 2, 3].map(() => runbooks.open({ ...run, id: randomUUID() })));
  expect(opened.filter(({ made }) => made)).toHaveLength(1);
  const { id } = opened[0]!.run;
  expect(new Set(opened.map((one) => one.run.id)).size).toBe(1);
  expect(await runbooks.parameters(id)).toEqual({ secret: "s3cret" });
  const { rows } = await sql<{
    text: string;
  }>`select parameters::text || cause::text as text from runbook_runs`.execute(store.db);
  expect(rows[0]!.text).not.toContain(Buffer.from("s3cret").toString("hex"));
  expect(await runbooks.update(id, b, { state: "succeeded" })).toBe(false);
  expect(await runbooks.adopt(b, [], 20_000, 10)).toEqual([]);
  await sql`update runbook_runs set seen_at = now() - interval '1 minute'`.execute(store.db);
  const adopted = await Promise.all([runbooks.adopt(b, [], 20_000, 10), runbooks.adopt(c, [], 20_000, 10)]);
  expect(adopted.flat()).toHaveLength(1);
  const owner = adopted[0].length === 1 ? b : c;
  expect(await runbooks.beat(a, [id])).toEqual([]);
  const at = new Date();
  const step = {
    n: 0,
    phase: "step",
    name: "go",
    state: "running",
    connection: "pg",
    session: null,
    startedAt: at,
    endedAt: null,
    sent: "select 1",
    result: null,
    error: null,
  } as const;
  expect(await runbooks.putStep(id, a, step)).toBe(false);
  expect(await runbooks.putStep(id, owner, step)).toBe(true);
  expect(await runbooks.update(id, owner, { state: "interrupted", error: "gone" })).toBe(true);
  expect(await runbooks.putStep(id, owner, { ...step, n: 1 })).toBe(false);
  expect(await runbooks.askCancel(id, "x")).toBe(false);
});

test("runs that are over are deleted when their time is, with their steps; others and those that are not told of stay", async () => {
  const never = new AbortController().signal;
  await sql`delete from runbook_runs`.execute(store.db);
  // More than go at once, each with a step.
  await sql`insert into runbook_runs (id, runbook, version, hash, state, origin, subject_id, subject_name, asker_id, asker_name, acting, cause, key, key_id, parameters, created_at, ended_at, told_at)
    select gen_random_uuid(), kind, 1, 'h', case kind when 'under way' then 'running' else 'failed' end, 'person', gen_random_uuid(), 'x', gen_random_uuid(), 'x', '{}', '[]', n::text, 'k', '',
      now() - interval '40 days', case kind when 'under way' then null when 'young' then now() else now() - interval '31 days' end, case kind when 'untold' then null else now() end
    from unnest(array['old', 'young', 'under way', 'untold']) as kind, generate_series(1, case kind when 'old' then 1500 else 1 end) as n`.execute(
    store.db,
  );
  await sql`insert into runbook_steps (run, n, phase, name, state, started_at, key_id, sealed) select id, 0, 'step', 'x', 'failed', now(), 'k', '' from runbook_runs`.execute(
    store.db,
  );
  expect(await runbooks.sweepRuns(30, AbortSignal.abort())).toBe(0);
  expect(await runbooks.sweepRuns(30, never)).toBe(1_500);
  const { rows } = await sql<{ runbook: string }>`select runbook from runbook_runs join runbook_steps on run = id
    order by runbook`.execute(store.db);
  expect(rows.map(({ runbook }) => runbook)).toEqual(["under way", "untold", "young"]);
  const { rows: steps } = await sql<{ n: string }>`select count(*) as n from runbook_steps`.execute(store.db);
  expect(Number(steps[0]!.n)).toBe(3);
});

test("pages of runs leave none out, however close together they were made", async () => {
  const open = async (n: number): Promise<string> => {
    const { run } = await runbooks.open({
      ...{ id: randomUUID(), runbook: "paged", version: 1, hash: "h", state: "running", origin: "schedule" },
      ...{ subject: bot, asker: bot, acting: { onBehalfOf: null, bounds: [] }, cause: [], key: `paged ${n}` },
      ...{ replica: randomUUID(), parameters: {} },
    } as Parameters<typeof runbooks.open>[0]);
    return run.id;
  };
  const made = new Set(await Promise.all(Array.from({ length: 60 }, (_, n) => open(n))));
  const seen = new Set<string>();
  let before: { readonly createdAt: Date; readonly id: string } | undefined;
  for (let page = 0; page < 80; page++) {
    const found = await runbooks.runs({ runbook: "paged", before, limit: 1 });
    const last = found.at(-1);
    if (last === undefined) break;
    seen.add(last.id);
    before = { createdAt: last.createdAt, id: last.id };
  }
  expect(seen).toEqual(made);
});
