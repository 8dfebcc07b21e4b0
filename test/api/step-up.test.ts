import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Freshness } from "../../src/identity/index.js";
import type { SubjectId } from "../../src/vocabulary/index.js";
import { codeOf, enrolPasskey, enrolTotp, knock, passkeyOptions, signInWith } from "./factor-people.js";
import { bearer, call, password, setUp, signIn, startTestApi, type TestApi } from "./support.js";

let api: TestApi;
let admin: Record<string, string>;
let count = 0;

beforeAll(async () => {
  api = await startTestApi();
  admin = await setUp(api);
  await call(
    api.app,
    "POST",
    "/api/v1/connections",
    { name: "pg-demo", protocol: "postgres", host: "127.0.0.1", target: { user: "app" }, labels: { env: "demo" } },
    admin,
  );
});
afterAll(() => api.close());

async function person() {
  const name = `s${++count}`;
  const made = await call<{ id: string }>(
    api.app,
    "POST",
    "/api/v1/users",
    { name, groups: ["engineers"], password },
    admin,
  );
  return { name, id: made.body.id as SubjectId, ...(await enrolTotp(api.app, name)) };
}

const open = (subject: SubjectId, more: { connection?: string; expiresMs?: number; shown?: string | null } = {}) =>
  api.deps.identity.stepUps.open({
    subject,
    connection: more.connection ?? "pg-prod",
    session: null,
    shown: more.shown === undefined ? "delete from customers where id = ?" : more.shown,
    expiresMs: more.expiresMs ?? 60_000,
  });
const answer = (headers: Record<string, string>, body: Record<string, unknown>) =>
  call(api.app, "POST", "/api/v1/me/step-up", body, headers);
const age = (freshness: Freshness, id: SubjectId, connection: string | null) => freshness.age(id, connection);

test("a challenge is shown to its subject, answered once, and makes fresh: here at once, on another replica within moments", async () => {
  const ada = await person();
  const other = await api.open("00000000-0000-4000-8000-000000000003");
  const challenge = await open(ada.id);
  expect(challenge.id).toMatch(/^[B-Z]{5}-[B-Z]{5}$/);
  expect(challenge.link).toBe(`http://hoop.test/step-up/${challenge.id}`);
  const looked = await call(api.app, "GET", `/api/v1/me/step-up/${challenge.id.toLowerCase()}`, undefined, ada.headers);
  expect(looked.body).toMatchObject({
    connection: "pg-prod",
    shown: "delete from customers where id = ?",
    state: "pending",
  });
  const listed = await call<{ items: unknown[] }>(api.app, "GET", "/api/v1/me/step-up", undefined, ada.headers);
  expect(listed.body.items).toHaveLength(1);

  const [here, there] = [api.deps.identity.freshness, other.deps.identity.freshness];
  const heard: string[] = [];
  here.watch(ada.id, () => heard.push("here"));
  there.watch(ada.id, () => heard.push("there"));
  expect(age(here, ada.id, "pg-prod")).toBeNull();
  const code = await codeOf(ada.secret);
  expect((await answer(ada.headers, { challenge: challenge.id, answer: { code: "000000" } })).status).toBe(403);
  expect(age(here, ada.id, "pg-prod")).toBeNull();
  expect(await answer(ada.headers, { challenge: challenge.id, answer: { code } })).toMatchObject({
    status: 200,
    body: { connection: "pg-prod", with: "totp" },
  });
  expect(heard).toContain("here");
  expect(age(here, ada.id, "pg-prod")).toBeLessThan(5_000);
  await expect.poll(() => age(there, ada.id, "pg-prod"), { timeout: 20_000, interval: 10 }).not.toBeNull();
  expect(heard).toContain("there");
  // For this connection alone, and for nothing of the account.
  expect(age(here, ada.id, "pg-demo")).toBeNull();
  expect(age(here, ada.id, null)).toBeNull();
  expect((await call(api.app, "POST", "/api/v1/me/factors/recovery-codes", undefined, ada.headers)).status).toBe(412);
  const again = await answer(ada.headers, { challenge: challenge.id, answer: { code: await codeOf(ada.secret, 1) } });
  expect(again).toMatchObject({ status: 409, body: { message: "this question was answered already" } });
  await other.close();
});

test("nobody answers for another, and nobody learns that a challenge is there", async () => {
  const [ada, eve] = [await person(), await person()];
  const challenge = await open(ada.id);
  const none = await call(api.app, "GET", "/api/v1/me/step-up/BCDFG-HJKLM", undefined, eve.headers);
  const theirs = await call(api.app, "GET", `/api/v1/me/step-up/${challenge.id}`, undefined, eve.headers);
  expect(theirs.status).toBe(404);
  expect(theirs.body).toEqual(none.body);
  const answered = await answer(eve.headers, { challenge: challenge.id, answer: { code: await codeOf(eve.secret) } });
  expect(answered.status).toBe(404);
  // Nor with the code of the one who was asked.
  const code = await codeOf(ada.secret);
  expect((await answer(eve.headers, { challenge: challenge.id, answer: { code } })).status).toBe(404);
  expect(
    (await call(api.app, "POST", "/api/v1/me/step-up/options", { challenge: challenge.id }, eve.headers)).status,
  ).toBe(404);
  expect(api.deps.identity.freshness.age(eve.id, "pg-prod")).toBeNull();
  expect((await answer(ada.headers, { challenge: challenge.id, answer: { code } })).status).toBe(200);
});

test("what is closed or expired is not answered, and a code spent on it is not given back", async () => {
  const ada = await person();
  const [closed, expired] = [await open(ada.id), await open(ada.id)];
  closed.close();
  await sql`update step_up_challenges set expires_at = now() where id = ${expired.id}`.execute(api.store.db);
  await expect
    .poll(async () => (await call(api.app, "GET", `/api/v1/me/step-up/${closed.id}`, undefined, ada.headers)).body)
    .toMatchObject({ state: "closed" });
  for (const { id } of [closed, expired])
    expect((await answer(ada.headers, { challenge: id, answer: { code: await codeOf(ada.secret) } })).status).toBe(409);
  expect(api.deps.identity.freshness.age(ada.id, "pg-prod")).toBeNull();
});

test("one answer serves all questions of its connection, and only of its connection", async () => {
  const ada = await person();
  const [one, two, other] = [await open(ada.id), await open(ada.id), await open(ada.id, { connection: "pg-other" })];
  await answer(ada.headers, { challenge: one.id, answer: { code: await codeOf(ada.secret) } });
  const state = async (id: string) =>
    (await call<{ state: string }>(api.app, "GET", `/api/v1/me/step-up/${id}`, undefined, ada.headers)).body.state;
  expect([await state(two.id), await state(other.id)]).toEqual(["answered", "pending"]);
});

test("a passkey answers; its options serve one question in one login", async () => {
  const ada = await person();
  const strong = bearer(await signInWith(api.app, ada.name, await codeOf(ada.secret)));
  const key = await enrolPasskey(api.app, strong);
  const [one, two] = [await open(ada.id), await open(ada.id, { connection: "pg-other" })];
  const options = async (challenge: string) =>
    (await passkeyOptions(api.app, "/api/v1/me/step-up/options", { challenge }, strong)).body;
  const give = (headers: Record<string, string>, challenge: string, passkey: unknown) =>
    answer(headers, { challenge, answer: { passkey } });
  expect((await give(strong, two.id, key.get(await options(one.id)))).status).toBe(403);
  expect((await give(ada.headers, one.id, key.get(await options(one.id)))).status).toBe(403);
  expect((await give(strong, one.id, key.get(await options(one.id)))).status).toBe(200);
  expect(api.deps.identity.freshness.age(ada.id, "pg-other")).toBeNull();
});

test("a connection may be answered for before it asks, if it may be used at all", async () => {
  const ada = await person();
  expect((await answer(ada.headers, { connection: "pg-none", answer: { code: "000000" } })).status).toBe(404);
  const done = await answer(ada.headers, { connection: "PG-demo", answer: { code: await codeOf(ada.secret) } });
  expect(done).toMatchObject({ status: 200, body: { connection: "pg-demo" } });
  expect(api.deps.identity.freshness.age(ada.id, "pg-demo")).not.toBeNull();
  const both = { connection: "pg-demo", challenge: "BCDFG-HJKLM", answer: { code: "000000" } };
  expect((await answer(ada.headers, both)).status).toBe(400);
  expect((await answer(ada.headers, { connection: "pg-demo", answer: { password } })).status).toBe(400);
});

test("who has no second factor is told so, and waits for nothing", async () => {
  const name = `s${++count}`;
  const made = await call<{ id: SubjectId }>(api.app, "POST", "/api/v1/users", { name, groups: [], password }, admin);
  await expect(open(made.body.id)).rejects.toMatchObject({ code: "precondition-failed", hint: "hoop mfa enrol" });
});

test("questions of one person are bounded", async () => {
  const ada = await person();
  for (let n = 0; n < 50; n++) await open(ada.id);
  await expect(open(ada.id)).rejects.toMatchObject({ code: "limited" });
});

test("after a restart nothing is younger than it was, and what was taken back stays so", async () => {
  const ada = await person();
  await answer(ada.headers, { challenge: (await open(ada.id)).id, answer: { code: await codeOf(ada.secret) } });
  await sql`update factor_answers set answered_at = answered_at - interval '10 minutes', version = nextval('freshness_versions')
    where subject_id = ${ada.id}`.execute(api.store.db);
  const restarted = await api.open("00000000-0000-4000-8000-000000000004");
  const old = restarted.deps.identity.freshness.age(ada.id, "pg-prod");
  expect(old).toBeGreaterThanOrEqual(600_000);
  expect(old).toBeLessThan(660_000);
  await call(api.app, "DELETE", `/api/v1/users/${ada.name}/factors`, undefined, admin);
  expect(api.deps.identity.freshness.age(ada.id, "pg-prod")).toBeNull();
  await expect
    .poll(() => restarted.deps.identity.freshness.age(ada.id, "pg-prod"), { timeout: 20_000, interval: 10 })
    .toBeNull();
  await restarted.close();
  const again = await api.open("00000000-0000-4000-8000-000000000005");
  expect(again.deps.identity.freshness.age(ada.id, "pg-prod")).toBeNull();
  await again.close();
});

test("signing in with a factor makes the account fresh, no connection", async () => {
  const ada = await person();
  expect(api.deps.identity.freshness.age(ada.id, null)).toBeNull();
  await signInWith(api.app, ada.name, await codeOf(ada.secret));
  await expect.poll(() => api.deps.identity.freshness.age(ada.id, null)).not.toBeNull();
  expect(api.deps.identity.freshness.age(ada.id, "pg-prod")).toBeNull();
  expect((await knock(api.app, ada.name)).status).toBe(202);
});

test("failures are written down", async () => {
  const ada = await person();
  await answer(ada.headers, { answer: { code: "000000" } });
  expect(api.recorder.entries.at(-1)).toMatchObject({ kind: "change", what: "step-up.failed", target: ada.name });
  const service = await call(
    api.app,
    "POST",
    "/api/v1/me/step-up",
    { answer: { code: "1" } },
    bearer(await signIn(api.app, "ada")),
  );
  expect(service.status).toBe(403);
});
