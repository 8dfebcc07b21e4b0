import { createHash, randomBytes, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { deflateSync, inflateSync } from "node:zlib";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createMemoryPkiStore, createPki } from "../../src/pki/index.js";
import {
  createAuditService,
  createFeeder,
  createRecorder,
  newEntry,
  type RecordingStore,
  verifyExport,
} from "../../src/recording/index.js";
import { createSecretVault, MasterKey } from "../../src/secrets/index.js";
import { migrate } from "../../src/storage/migrate.js";
import { pkiMigrations } from "../../src/storage/migrations/pki.js";
import { recordingMigrations } from "../../src/storage/migrations/recording.js";
import { secretsMigrations } from "../../src/storage/migrations/secrets.js";
import { createPkiStore } from "../../src/storage/pki.js";
import { createRecordingStore } from "../../src/storage/recording.js";
import { createSecretStore } from "../../src/storage/secrets.js";
import type { Db } from "../../src/storage/store.js";
import { chainId } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import {
  alice,
  appended,
  closedDraft,
  newSession,
  openedDraft,
  statementDraft,
  testFolder,
  testKeys,
} from "./support.js";

const tables = ["recording_blocks", "recording_session_blocks", "recording_changes", "recording_analyses"].concat([
  "recording_sealed_blocks",
  "recording_payloads",
  "recording_payload_chunks",
  "recording_chains",
  "recording_heads",
]);

let server: PostgresServer;
let db: Db;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

beforeAll(async () => {
  server = await startPostgres();
  const { host, port, user, password, database } = server;
  const pool = new pg.Pool({ host, port, user, password, database, max: 5 });
  // The pool's end does not wait for its connections; the server's end may reach one of them first.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  await migrate(db, { ...recordingMigrations, ...secretsMigrations, ...pkiMigrations }, quiet);
});

afterAll(async () => {
  await db?.destroy();
  await server?.stop();
});

describe("secrets on PostgreSQL", () => {
  it("keeps, rotates and deletes; two replicas agree on one key", async () => {
    await server.query("delete from secrets; delete from data_keys");
    const store = createSecretStore({ db, changes: { publish: async () => {} } });
    const master = { current: new MasterKey(randomBytes(32)), previous: null, file: null };
    const [one, two] = await Promise.all([createSecretVault({ store, master }), createSecretVault({ store, master })]);
    expect((await store.dataKeys()).filter((key) => key.purpose === "secrets")).toHaveLength(1);
    const [a, b] = await Promise.all([one.signingKey("audit"), two.signingKey("audit")]);
    expect(a.publicKey).toBe(b.publicKey);
    await one.put({ kind: "connection-credential", id: "a" }, "hunter2-hunter2");
    await two.put({ kind: "connection-credential", id: "a" }, "hunter3-hunter3");
    expect(await one.putIfAbsent({ kind: "connection-credential", id: "a" }, "x")).toBe(false);
    expect((await one.get({ kind: "connection-credential", id: "a" }))!.reveal()).toBe("hunter3-hunter3");
    const dump = await server.query("select kind || id || encode(sealed, 'escape') as all from secrets");
    expect(JSON.stringify(dump.rows)).not.toContain("hunter");
    expect(await one.rotate()).toMatchObject({ resealed: 2 });
    expect((await store.dataKeys()).filter((key) => key.purpose === "secrets")).toHaveLength(1);
    // The key that the other replica holds is gone; its next write finds out by itself.
    await two.put({ kind: "connection-credential", id: "b" }, "later");
    expect((await one.get({ kind: "connection-credential", id: "b" }))!.reveal()).toBe("later");
    expect(await one.list("connection-credential")).toHaveLength(2);
    expect(await one.delete({ kind: "connection-credential", id: "b" })).toBe(true);
    expect(await one.delete({ kind: "connection-credential", id: "b" })).toBe(false);
    // Master key rotation.
    const fresh = new MasterKey(randomBytes(32));
    const moved = await createSecretVault({ store, master: { current: fresh, previous: master.current, file: null } });
    expect((await moved.get({ kind: "connection-credential", id: "a" }))!.reveal()).toBe("hunter3-hunter3");
    const after = await createSecretVault({ store, master: { current: fresh, previous: null, file: null } });
    expect((await after.get({ kind: "connection-credential", id: "a" }))!.reveal()).toBe("hunter3-hunter3");
    await expect(createSecretVault({ store, master })).rejects.toMatchObject({ code: "precondition-failed" });
  });
});

describe("authorities on PostgreSQL", () => {
  it("are made once by replicas that start together, and read by the next", async () => {
    const master = { current: new MasterKey(randomBytes(32)), previous: null, file: null };
    await server.query("delete from secrets; delete from data_keys; delete from authorities");
    const vault = await createSecretVault({
      store: createSecretStore({ db, changes: { publish: async () => {} } }),
      master,
    });
    const gateway = { names: ["localhost"], addresses: [] };
    const [one, two] = await Promise.all(
      [1, 2].map(() => createPki({ store: createPkiStore({ db }), vault, gateway })),
    );
    expect(one!.authorities("names")).toBe(two!.authorities("names"));
    const third = await createPki({ store: createPkiStore({ db }), vault, gateway });
    expect(third.authorities("agents")).toBe(one!.authorities("agents"));
    expect((await third.serverCertificateFor("a")).chain.split("-----BEGIN")[2]).toBe(
      (await one!.serverCertificateFor("a")).chain.split("-----BEGIN")[2],
    );
    expect(await vault.list("authority-key")).toHaveLength(2);
    expect(await createMemoryPkiStore().authorities()).toEqual([]);
  });
});

describe("recordings on PostgreSQL", () => {
  const { keys, signer } = testKeys();
  beforeEach(() => server.query(`truncate ${tables.join()}`));

  async function record<T>(
    work: (parts: {
      store: RecordingStore;
      recorder: Awaited<ReturnType<typeof createRecorder>>;
      feeder: ReturnType<typeof createFeeder>;
    }) => Promise<T>,
  ): Promise<T> {
    const folder = testFolder();
    const store = createRecordingStore({ db });
    const recorder = await createRecorder({ folder, keys, signer, gateway: "test" });
    const feeder = createFeeder({ recorder, store, intervalMs: 5 });
    try {
      return await work({ store, recorder, feeder });
    } finally {
      await feeder.stop();
      await recorder.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  it("tells sessions, their entries and what they said; pages; reveals; verifies", async () => {
    await record(async ({ store, recorder, feeder }) => {
      const service = createAuditService({ store, recorder, feeder, signer, keys });
      const session = newSession();
      await appended(recorder, openedDraft(session));
      for (let n = 1; n <= 300; n++) {
        const odd = {
          text: `select '\0\u2028 \u{1F600} ${n}'`,
          shown: "select '\0\u2028$1",
          values: [Buffer.from([0, 255, n & 255]), null],
        };
        recorder.append(statementDraft(session, n, n % 3 === 0 ? { ...odd, outcome: "deny" } : odd));
      }
      await appended(recorder, {
        kind: "session-refused",
        session: newSession(),
        actor: { ...alice, name: "nul\0name" },
        connection: "pg-demo",
        protocol: "postgres",
        from: "::1",
        reasons: [],
      });
      await appended(recorder, {
        kind: "change",
        actor: alice,
        what: "policy.applied",
        target: "policy",
        before: null,
        after: { rules: 3 },
      });
      await appended(recorder, closedDraft(session, 300));
      await feeder.drain(AbortSignal.timeout(60_000));

      expect(await store.session(session)).toMatchObject({
        session,
        subject: alice.subject,
        name: alice.name,
        connection: "pg-demo",
        protocol: "postgres",
        from: "127.0.0.1",
        refused: false,
        statements: 300,
        verdicts: { allow: 200, deny: 100, hold: 0, challenge: 0 },
        endReason: "client-closed",
      });
      const first = await service.sessions({ subject: alice.subject }, null, 1);
      const second = await service.sessions({ subject: alice.subject }, first.next, 1);
      expect(new Set([...first.items, ...second.items].map((each) => each.name))).toEqual(
        new Set([alice.name, "nulname"]),
      );
      expect((await service.sessions({ open: true, connection: "pg-demo" }, null, 10)).items).toEqual([]);
      expect((await service.sessions({ since: new Date(Date.now() + 60_000) }, null, 10)).items).toEqual([]);

      const seen: number[] = [];
      for (let mark: string | null = null; ; ) {
        const page = await service.entries(session, mark, 77);
        seen.push(...page.items.map((item) => item.seq));
        if (page.next === null) break;
        mark = page.next;
      }
      expect(seen).toHaveLength(302);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      const changes = await service.changes(null, 1);
      expect(changes.items[0]!.entry).toMatchObject({ kind: "change", what: "policy.applied" });
      expect((await service.changes(changes.next, 10)).items.map((item) => item.entry.kind)).toEqual(["chain-opened"]);

      const request = { session, seq: seen[1]!, by: alice, because: "test" };
      expect(await service.reveal({ ...request, part: "text" }, () => {})).toEqual({
        part: "text",
        text: "select '\0\u2028 \u{1F600} 1'",
      });
      // Statements show the analysis that their entries only name.
      const page = await service.entries(session, null, 3);
      expect(page.items[1]!.entry).toMatchObject({ kind: "statement", analysis: { effects: ["read"] } });

      expect(await service.reveal({ ...request, part: "values" }, () => {})).toEqual({
        part: "values",
        values: [Buffer.from([0, 255, 1]), null],
      });

      expect(await service.verify(AbortSignal.timeout(60_000))).toMatchObject({ ok: true, problems: [] });
      const heads = (await service.heads()).map((head) => JSON.stringify(head));
      const lines: string[] = [];
      for await (const line of service.export(undefined, { payloads: keys })) lines.push(line);
      expect(await verifyExport(lines, { publicKey: signer.publicKey, heads })).toMatchObject({
        ok: true,
        anchored: true,
        unsigned: 0,
        payloads: 600,
      });

      // Somebody with the database's password.
      const { rows: blocks } = await server.query(
        `select first, body from recording_blocks where chain = '${recorder.chain}' and first <= 5 and last >= 9`,
      );
      const { first: from, body } = blocks[0] as { first: string; body: Buffer };
      const bodies = inflateSync(body).toString("utf8").trimEnd().split("\n");
      const replaced = async (packed: Buffer) => {
        await server.query(
          `update recording_blocks set body = '\\x${packed.toString("hex")}' where chain = '${recorder.chain}' and first = ${from}`,
        );
        return service.verify(AbortSignal.timeout(60_000));
      };
      const packed = (changed: readonly string[]) => deflateSync(changed.map((line) => `${line}\n`).join(""));
      const at = (seq: number) => seq - Number(from);
      const named = (seq: number) => ({ ok: false, problems: [expect.stringContaining(`entry ${seq} `)] });
      expect(await replaced(packed(bodies.with(at(5), bodies[at(5)]!.replace("alice", "mallory"))))).toMatchObject(
        named(5),
      );
      expect(await replaced(packed(bodies.toSpliced(at(9), 1)))).toMatchObject(named(9));
      expect(await replaced(packed([]))).toMatchObject(named(Number(from)));
      // What does not even unpack is missing from an export, and an error to who wants to read it.
      expect(await replaced(body.subarray(0, -5))).toMatchObject(named(Number(from)));
      await expect(service.entries(session, null, 10)).rejects.toMatchObject({ code: "precondition-failed" });
      expect(await replaced(body)).toMatchObject({ ok: true });
      await server.query(`delete from recording_blocks where chain = '${recorder.chain}' and first = ${from}`);
      expect(await service.verify(AbortSignal.timeout(60_000))).toMatchObject(named(Number(from)));
    });
  });

  it("keeps a large statement in chunks, and deletes it whole with the others when its time is over", async () => {
    await record(async ({ store, recorder, feeder }) => {
      const service = createAuditService({ store, recorder, feeder, signer, keys });
      const session = newSession();
      const text = `insert ${"0123456789".repeat(700_000)}`;
      await appended(recorder, statementDraft(session, 1, { text, shown: null, values: null }));
      await feeder.drain(AbortSignal.timeout(60_000));
      const { items } = await service.entries(session, null, 10);
      const revealed = await service.reveal(
        { session, seq: items[0]!.seq, part: "text", by: alice, because: "test" },
        () => {},
      );
      expect(revealed.part === "text" && revealed.text === text).toBe(true);
      expect((await server.query("select count(*)::int as n from recording_payload_chunks")).rows[0].n).toBe(7);
      expect(await service.deletePayloads(new Date(Date.now() + 60_000))).toBeGreaterThan(0);
      expect(
        (
          await server.query(
            `select (select count(*) from recording_payload_chunks) + (select count(*) from recording_payloads)
              + (select count(*) from recording_sealed_blocks) as n`,
          )
        ).rows[0].n,
      ).toBe("0");
      expect(await service.verify(AbortSignal.timeout(60_000))).toMatchObject({ ok: true });
    });
  });

  it("takes a batch twice as once, and refuses gaps and forks", async () => {
    const store = createRecordingStore({ db });
    await record(async ({ store: real, recorder, feeder }) => {
      const session = newSession();
      await appended(recorder, openedDraft(session));
      await appended(recorder, statementDraft(session, 1));
      await feeder.drain(AbortSignal.timeout(60_000));
      const stored = await real.entries(recorder.chain, 0, 10);
      const entries = stored.map(({ hash, body }) => newEntry(hash, Buffer.from(body)));
      const batch = { chain: recorder.chain, entries, payloads: [], heads: [] };
      await store.append(batch);
      expect((await store.session(session))!.statements).toBe(1);
      const other = chainId(randomUUID());
      await expect(store.append({ ...batch, chain: other })).rejects.toMatchObject({ code: "conflict" });
      expect(await store.tip(other)).toBeNull();
      await expect(
        store.append({ ...batch, entries: [{ ...entries[1]!, hash: "00".repeat(32) }] }),
      ).rejects.toMatchObject({ code: "conflict" });
      await expect(store.append({ ...batch, entries: [{ ...entries[1]!, seq: 9 }] })).rejects.toMatchObject({
        code: "conflict",
      });
    });
  });

  it("gets everything after the server was down", async () => {
    await record(async ({ store, recorder, feeder }) => {
      const session = newSession();
      await appended(recorder, openedDraft(session));
      await feeder.drain(AbortSignal.timeout(60_000));
      await server.query("alter table recording_blocks rename to away");
      for (let n = 1; n <= 1_000; n++) recorder.append(statementDraft(session, n));
      await recorder.flush();
      await expect.poll(() => feeder.status().error).not.toBeNull();
      await server.query("alter table away rename to recording_blocks");
      await feeder.drain(AbortSignal.timeout(60_000));
      expect((await store.session(session))!.statements).toBe(1_000);
      expect(feeder.status()).toMatchObject({ behind: 0, error: null });
    });
  });

  it("packs what was recorded a row an entry before, unchanged", async () => {
    await server.query("drop schema if exists older cascade; create schema older");
    const { host, port, user, password, database } = server;
    const pool = new pg.Pool({ host, port, user, password, database, max: 2, options: "-c search_path=older" });
    pool.on("error", () => {});
    const older: Db = new Kysely({ dialect: new PostgresDialect({ pool }) });
    try {
      const { "0008-recording": before } = recordingMigrations;
      await before!.up(older);
      const chain = randomUUID();
      const session = newSession();
      const bodies: string[] = [];
      let previous = "0".repeat(64);
      for (let seq = 1; seq <= 4_500; seq++) {
        const of = seq % 1_000 === 0 ? { kind: "change" } : { kind: "statement", session };
        bodies.push(JSON.stringify({ v: 1, chain, seq, prev: previous, time: 1_700_000_000_000 + seq, ...of }));
        previous = createHash("sha256").update(bodies.at(-1)!).digest("hex");
      }
      await pool.query(
        `insert into recording_entries (chain, seq, at, kind, session, hash, body)
          select $1, n, to_timestamp(1700000000 + n / 1000.0), '', (body::json ->> 'session')::uuid, '', body
          from unnest($2::text[]) with ordinality as given (body, n)`,
        [chain, bodies],
      );
      await recordingMigrations["0009-recording-blocks"]!.up(older);
      const store = createRecordingStore({ db: older });
      const entries = await store.entries(chainId(chain), 0, 10_000);
      expect(entries.map((entry) => entry.body)).toEqual(bodies);
      expect(entries.at(-1)!.hash).toBe(previous);
      const { entries: changes } = await store.changes(null, 3);
      expect(changes.map((entry) => entry.seq)).toEqual([4_000, 3_000, 2_000]);
      const seen: number[] = [];
      for (let mark: string | null = null; ; ) {
        const page = await store.sessionEntries(session, mark, 999);
        seen.push(...page.entries.map((entry) => entry.seq));
        if (page.next === null) break;
        mark = page.next;
      }
      expect(seen).toEqual(Array.from({ length: 4_500 }, (_, n) => n + 1).filter((seq) => seq % 1_000 !== 0));
    } finally {
      await older.destroy();
    }
  });
});
