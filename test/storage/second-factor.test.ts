import { randomBytes, randomUUID } from "node:crypto";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FactorStore } from "../../src/identity/index.js";
import { removeEmbeddedPostgres } from "../../src/storage/embedded/remove.js";
import { startEmbeddedPostgres } from "../../src/storage/embedded/start.js";
import { createIdentityStore } from "../../src/storage/identity.js";
import { openStore } from "../../src/storage/open-store.js";
import { createFactorStore } from "../../src/storage/second-factor.js";
import type { Store } from "../../src/storage/store.js";
import { type SubjectId, subjectId } from "../../src/vocabulary/index.js";
import { keptLog, temporaryFolder } from "./support.js";

let store: Store;
let factors: FactorStore;
let url: string;
let close: () => Promise<void>;
let count = 0;

beforeAll(async () => {
  const { path, remove } = await temporaryFolder();
  await chmod(path, 0o755);
  const dataDir = join(path, "server");
  const server = await startEmbeddedPostgres({
    dataDir,
    listen: { host: "127.0.0.1", port: 0 },
    database: "hoop",
    log: keptLog(),
  });
  url = `postgres://${server.admin.user}:${server.admin.password}@127.0.0.1:${server.address!.port}/hoop`;
  store = await openOne();
  factors = createFactorStore(store);
  close = async () => {
    await store.close();
    await server.stop();
    await removeEmbeddedPostgres(dataDir);
    await remove();
  };
});
afterAll(() => close?.());

async function subject(): Promise<SubjectId> {
  const id = subjectId(randomUUID());
  const draft = { id, kind: "person", name: `p${++count}`, email: null, groups: [], passwordHash: null } as const;
  await createIdentityStore(store).createSubject(draft);
  return id;
}
const soon = () => new Date(Date.now() + 60_000);
const passkey = (owner: SubjectId) => ({
  id: randomUUID(),
  subject: owner,
  name: "Key",
  credentialId: randomBytes(16),
  publicKey: randomBytes(77),
  counter: 0,
  transports: ["internal"],
  rpId: "hoop.test",
  backedUp: false,
});
/** The same at the same moment, eight times. */
const atOnce = <T>(work: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 8 }, work));

test("what may happen once happens once, however many ask in the same moment", async () => {
  const ada = await subject();
  const id = randomUUID();
  await factors.draftTotp(ada, id, soon());
  const codes = [randomBytes(32), randomBytes(32)];
  const confirmed = await atOnce(() => factors.confirmTotp(ada, id, 100, codes));
  expect(confirmed.filter((result) => result !== null)).toEqual([{ codesKept: true }]);

  expect((await atOnce(() => factors.useTotpStep(ada, id, 101))).filter(Boolean)).toHaveLength(1);
  expect(await factors.useTotpStep(ada, id, 101)).toBe(false);
  expect(await factors.useTotpStep(ada, id, 100)).toBe(false);
  expect((await atOnce(() => factors.useCode(ada, codes[0]!))).filter((left) => left !== null)).toEqual([1]);
  expect(await factors.useCode(await subject(), codes[1]!)).toBeNull();

  const challenge = randomBytes(32);
  const ceremony = {
    purpose: "sign-in",
    subject: null,
    bound: "",
    rpId: "hoop.test",
    origin: "https://hoop.test",
  } as const;
  await factors.keepCeremony(challenge, ceremony, soon());
  expect((await atOnce(() => factors.takeCeremony(challenge))).filter((taken) => taken !== null)).toEqual([ceremony]);

  const hash = randomBytes(32);
  const pending = { subject: ada, as: "tokens", enrol: false, client: "t", address: "192.0.2.1" } as const;
  await factors.keepPending(hash, pending, soon());
  expect((await atOnce(() => factors.tryPending(hash, 5))).filter((found) => found !== null)).toHaveLength(5);
  expect((await atOnce(() => factors.takePending(hash))).filter(Boolean)).toHaveLength(1);

  const question = { id: randomUUID(), subject: ada, connection: "pg", session: null, shown: null, expiresAt: soon() };
  expect(await factors.openChallenge(question, 50)).toBe(true);
  expect((await atOnce(() => factors.answered(ada, "pg", question.id))).filter(Boolean)).toHaveLength(1);
});

test("of two factors that are removed at once one stays, where one must", async () => {
  const ada = await subject();
  const [one, two] = [passkey(ada), passkey(ada)];
  await factors.addPasskey(one, [], 20);
  await factors.addPasskey(two, [], 20);
  const results = await Promise.all([factors.remove(ada, one.id, true), factors.remove(ada, two.id, true)]);
  expect(results.filter((result) => result === "kept")).toHaveLength(1);
  expect((await factors.summary(ada)).factors).toHaveLength(1);
});

test("of two first factors that are made at once one brings the codes", async () => {
  const ada = await subject();
  const codes = () => Array.from({ length: 10 }, () => randomBytes(32));
  const made = await atOnce(() => factors.addPasskey(passkey(ada), codes(), 20));
  expect(made.filter(({ codesKept }) => codesKept)).toHaveLength(1);
  expect((await factors.summary(ada)).codesLeft).toBe(10);
  await expect(factors.addPasskey(passkey(ada), codes(), 8)).rejects.toMatchObject({ code: "limited" });
});

test("a counter rises or stays at nothing", async () => {
  const ada = await subject();
  const key = passkey(ada);
  await factors.addPasskey(key, [], 20);
  expect(await factors.usePasskey(key.id, 0, true)).toBe(true);
  expect((await atOnce(() => factors.usePasskey(key.id, 7, true))).filter(Boolean)).toHaveLength(1);
  expect(await factors.usePasskey(key.id, 0, true)).toBe(false);
  expect(await factors.usePasskey(key.id, 6, true)).toBe(false);
  expect(await factors.passkey(key.credentialId)).toMatchObject({ counter: 7, backedUp: true, subject: ada });
});

test("answers are told in the order of their versions, to other processes too, and what is old is not young again", async () => {
  const [ada, eve] = [await subject(), await subject()];
  const other = await openOne();
  let heard = 0;
  const stop = createFactorStore(other).watchFreshness(() => heard++);
  const before = (await factors.freshnessSince(0)).version;
  await Promise.all([factors.answered(ada, "pg", null), factors.answered(eve, null, null)]);
  const changes = await factors.freshnessSince(before);
  expect(changes.rows.map((row) => [row.subject, row.connection]).sort()).toEqual(
    [
      [ada, "pg"],
      [eve, null],
    ].sort(),
  );
  await expect.poll(() => heard).toBeGreaterThan(0);
  await sql`update factor_answers set answered_at = now() - interval '2 hours' where subject_id = ${ada}`.execute(
    store.db,
  );
  const fresh = await factors.freshnessSince(0);
  expect(fresh.rows.find((row) => row.subject === ada)!.ageMs).toBeGreaterThanOrEqual(7_200_000);
  await factors.reset(ada);
  const taken = await factors.freshnessSince(changes.version);
  expect(taken.rows).toEqual([{ subject: ada, connection: "pg", ageMs: null }]);
  stop();
  await other.close();
});

test("what is over is swept, what is in use stays", async () => {
  const ada = await subject();
  await factors.draftTotp(ada, randomUUID(), new Date(Date.now() - 1));
  const key = passkey(ada);
  await factors.addPasskey(key, [], 20);
  await factors.keepPending(
    randomBytes(32),
    { subject: ada, as: "tokens", enrol: false, client: "", address: "" },
    new Date(Date.now() - 1),
  );
  await factors.sweep();
  const { rows } = await sql<{ pending: number; drafts: number }>`select
    (select count(*)::int from pending_sign_ins where expires_at < now()) as pending,
    (select count(*)::int from factors where draft_until is not null and draft_until < now()) as drafts`.execute(
    store.db,
  );
  expect(rows[0]).toEqual({ pending: 0, drafts: 0 });
  expect(await factors.passkey(key.credentialId)).not.toBeNull();
});

test("networks are known by name, the last thirty of them", async () => {
  const identities = createIdentityStore(store);
  const ada = await subject();
  const name = `p${count}`;
  for (let n = 0; n < 35; n++) await identities.rememberNetwork(ada, `192.0.2.${n}`);
  expect(await identities.knowsNetwork(name, "192.0.2.34")).toBe(true);
  expect(await identities.knowsNetwork(name, "192.0.2.0")).toBe(false);
  expect(await identities.knowsNetwork("nobody", "192.0.2.34")).toBe(false);
});

/** As one replica has it. */
function openOne(): Promise<Store> {
  return openStore(
    { databaseUrl: url, dataDir: "/nonexistent", poolSize: 8, statementTimeoutMs: 10_000 },
    { log: keptLog(), signal: new AbortController().signal },
  );
}
