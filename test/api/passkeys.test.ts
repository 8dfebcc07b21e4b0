import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SoftAuthenticator } from "../support/soft-authenticator.js";
import {
  answerFactor,
  callFromAnywhere,
  codeOf,
  enrolPasskey,
  enrolTotp,
  knock,
  local,
  origin,
  passkeyOptions,
  signInWith,
} from "./factor-people.js";
import { bearer, call, password, setUp, signIn, startTestApi, type TestApi } from "./support.js";

let api: TestApi;
let admin: Record<string, string>;
let count = 0;

beforeAll(async () => {
  api = await startTestApi();
  admin = await setUp(api);
});
afterAll(() => api.close());

async function person(): Promise<{ name: string; headers: Record<string, string> }> {
  const name = `k${++count}`;
  await call(api.app, "POST", "/api/v1/users", { name, groups: ["engineers"], password }, admin);
  return { name, headers: bearer(await signIn(api.app, name)) };
}

async function withPasskey() {
  const { name, headers } = await person();
  return { name, headers, key: await enrolPasskey(api.app, headers) };
}

const register = (headers: Record<string, string>, passkey: unknown) =>
  callFromAnywhere(api.app, "/api/v1/me/factors/passkeys", { passkey }, headers);
const registerOptions = async (headers: Record<string, string>) =>
  (await passkeyOptions(api.app, "/api/v1/me/factors/passkeys/options", undefined, headers)).body;
const anonymous = async () => (await passkeyOptions(api.app, "/api/v1/login/passkey/options", undefined)).body;
const alone = (passkey: unknown) => callFromAnywhere(api.app, "/api/v1/login/passkey", { passkey });
const secondOptions = async (pending: string) =>
  (await passkeyOptions(api.app, "/api/v1/login/factor/passkey", { pending })).body;

test("a passkey is a second factor, and signs in by itself", async () => {
  const { name, key } = await withPasskey();
  const step = await knock(api.app, name);
  expect(step.body.methods).toEqual(["passkey", "recovery-code"]);
  const options = await secondOptions(step.body.pending);
  expect(options).toMatchObject({
    rpId: "localhost",
    userVerification: "required",
    allowCredentials: [{ type: "public-key" }],
  });
  expect((await answerFactor(api.app, step.body.pending, { passkey: key.get(options) })).status).toBe(200);
  const signedIn = await alone(key.get(await anonymous()));
  expect(signedIn).toMatchObject({ status: 200, body: { subject: { name } } });
});

test("the options to sign in by passkey say nothing of anybody", async () => {
  const options = await anonymous();
  expect(options.allowCredentials).toBeUndefined();
  expect(Object.keys(options).sort()).toEqual(Object.keys(await anonymous()).sort());
});

test.each([
  ["another origin", { origin: "http://evil.test" }],
  ["another port of this host", { origin: "http://localhost:1" }],
  ["another site's id", { rpId: "evil.test" }],
  ["another kind of answer", { type: "webauthn.get" }],
  ["nobody verified", { userVerified: false }],
  ["a frame of another site", { crossOrigin: true }],
  ["a challenge of its own", { challenge: Buffer.alloc(32, 7).toString("base64url") }],
] as const)("registering is refused: %s", async (_what, bent) => {
  const { headers } = await person();
  const key = new SoftAuthenticator(origin);
  expect((await register(headers, key.create(await registerOptions(headers), bent))).status).toBe(403);
  expect((await call(api.app, "GET", "/api/v1/me/factors", undefined, headers)).body).toMatchObject({ items: [] });
});

test.each([
  ["another origin", { origin: "http://evil.test" }],
  ["another site's id", { rpId: "evil.test" }],
  ["another kind of answer", { type: "webauthn.create" }],
  ["nobody verified", { userVerified: false }],
  ["a frame of another site", { crossOrigin: true }],
  ["a challenge of its own", { challenge: Buffer.alloc(32, 7).toString("base64url") }],
  ["another key", { otherKey: true }],
  ["no user", { userHandle: null }],
  ["another user", { userHandle: Buffer.alloc(16, 9).toString("base64url") }],
] as const)("signing in is refused, in the same words: %s", async (_what, bent) => {
  const { key } = await withPasskey();
  const refused = await alone(key.get(await anonymous(), bent));
  expect(refused).toMatchObject({ status: 401, body: { message: "the passkey was not accepted" } });
  const stranger = new SoftAuthenticator(origin);
  const unknown = await alone(stranger.get(await anonymous()));
  expect(unknown.body).toEqual(refused.body);
});

test("a challenge is good once, also when the first answer was wrong", async () => {
  const { key } = await withPasskey();
  const options = await anonymous();
  const answer = key.get(options);
  expect((await alone(answer)).status).toBe(200);
  expect((await alone(answer)).status).toBe(401);
  expect((await alone(key.get(options))).status).toBe(401);
  const spoiled = await anonymous();
  expect((await alone(key.get(spoiled, { otherKey: true }))).status).toBe(401);
  expect((await alone(key.get(spoiled))).status).toBe(401);
  const raced = await anonymous();
  const both = await Promise.all([alone(key.get(raced)), alone(key.get(raced))]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
});

test("a challenge grows old", async () => {
  const { key } = await withPasskey();
  const options = await anonymous();
  await sql`update passkey_ceremonies set expires_at = now() - interval '1 second'`.execute(api.store.db);
  expect((await alone(key.get(options))).status).toBe(401);
});

test("a challenge serves its own purpose, sign-in and person only", async () => {
  const [one, two] = [await withPasskey(), await withPasskey()];
  const pending = async (name: string) => (await knock(api.app, name)).body.pending;
  const answer = (which: string, passkey: unknown) => answerFactor(api.app, which, { passkey: passkey as object });
  // For signing in alone, given as a second factor; and the other way round.
  expect((await answer(await pending(one.name), one.key.get(await anonymous()))).status).toBe(401);
  const mine = await pending(one.name);
  expect((await alone(one.key.get(await secondOptions(mine)))).status).toBe(401);
  // For one sign-in, given to another of the same person.
  const [first, second] = [await pending(one.name), await pending(one.name)];
  expect((await answer(second, one.key.get(await secondOptions(first)))).status).toBe(401);
  // One person's key for another's sign-in.
  const theirs = await pending(two.name);
  expect((await answer(theirs, one.key.get(await secondOptions(theirs)))).status).toBe(401);
  // For registering in one login, given by another login, or by another person.
  const other = bearer((await alone(one.key.get(await anonymous()))).body as never);
  const again = bearer((await alone(one.key.get(await anonymous()))).body as never);
  const fresh = new SoftAuthenticator(origin);
  expect((await register(again, fresh.create(await registerOptions(other)))).status).toBe(403);
  const stranger = await person();
  expect((await register(stranger.headers, fresh.create(await registerOptions(other)))).status).toBe(403);
});

test("a counter that does not rise gives a copy away", async () => {
  const { key } = await withPasskey();
  expect((await alone(key.get(await anonymous(), { counter: 10 }))).status).toBe(200);
  expect((await alone(key.get(await anonymous(), { counter: 10 }))).status).toBe(401);
  expect((await alone(key.get(await anonymous(), { counter: 9 }))).status).toBe(401);
  expect((await alone(key.get(await anonymous(), { counter: 11 }))).status).toBe(200);
});

test("one that never counts goes on", async () => {
  const { key } = await withPasskey();
  for (let n = 0; n < 3; n++) expect((await alone(key.get(await anonymous(), { counter: 0 }))).status).toBe(200);
});

test("one key belongs to one person, and several to each", async () => {
  const one = await withPasskey();
  const two = await person();
  expect((await register(two.headers, one.key.create(await registerOptions(two.headers)))).status).toBe(409);
  const strong = bearer((await alone(one.key.get(await anonymous()))).body as never);
  const second = await enrolPasskey(api.app, strong);
  expect((await alone(second.get(await anonymous()))).status).toBe(200);
  const { body } = await call<{ items: { id: string; name: string }[] }>(
    api.app,
    "GET",
    "/api/v1/me/factors",
    undefined,
    strong,
  );
  expect(body.items).toHaveLength(2);
  const [first] = body.items;
  const renamed = await call(
    api.app,
    "PATCH",
    `/api/v1/me/factors/${first!.id}`,
    { name: " Old\u0007 phone " },
    strong,
  );
  expect(renamed.status).toBe(204);
  expect((await call(api.app, "DELETE", `/api/v1/me/factors/${first!.id}`, undefined, strong)).status).toBe(204);
  expect((await alone(one.key.get(await anonymous()))).status).toBe(401);
  const left = await call<{ items: { name: string }[] }>(api.app, "GET", "/api/v1/me/factors", undefined, strong);
  expect(left.body.items.map(({ name }) => name)).toEqual(["Laptop"]);
});

test("a disabled user's passkey opens nothing", async () => {
  const { name, key } = await withPasskey();
  await call(api.app, "PATCH", `/api/v1/users/${name}`, { disabled: true }, admin);
  expect(await alone(key.get(await anonymous()))).toMatchObject({
    status: 401,
    body: { message: "this user is disabled" },
  });
});

test("the site is the configured one, or localhost: never what a request says of itself", async () => {
  const options = (host: string) => call(api.app, "POST", "/api/v1/login/passkey/options", undefined, { host });
  expect((await options("evil.test")).status).toBe(412);
  expect((await options("127.0.0.1:7480")).status).toBe(412);
  expect((await options("localhost.evil.test")).status).toBe(412);
  expect((await options(local.host)).status).toBe(200);
});

test("a required passkey is made while signing in", async () => {
  const { name } = await person();
  await call(
    api.app,
    "PUT",
    "/api/v1/settings/factors",
    { mode: "required", groups: ["engineers"], graceSeconds: 0 },
    admin,
  );
  const { body } = await knock(api.app, name);
  expect(body.state).toBe("enrol");
  const key = new SoftAuthenticator(origin);
  const options = await passkeyOptions(api.app, "/api/v1/login/enrol/passkey", { pending: body.pending });
  const finish = { pending: body.pending, factor: { name: "Key", passkey: key.create(options.body) } };
  const done = await call(api.app, "POST", "/api/v1/login/enrol", finish);
  expect(done).toMatchObject({ status: 200, body: { subject: { name }, recoveryCodes: expect.any(Array) } });
  expect((await call(api.app, "POST", "/api/v1/login/enrol", finish)).status).toBe(401);
  await call(api.app, "PUT", "/api/v1/settings/factors", { mode: "optional" }, admin);
});

test("random answers end in a refusal, never in a failure of the gateway", async () => {
  const { name } = await person();
  const { secret } = await enrolTotp(api.app, name);
  const headers = bearer(await signInWith(api.app, name, await codeOf(secret)));
  const key = await enrolPasskey(api.app, headers);
  const good = key.get(await anonymous()) as { response: Record<string, string> };
  const bents: unknown[] = [];
  for (const field of Object.keys(good.response))
    for (const value of [
      "",
      "AA",
      "_".repeat(200),
      good.response[field]!.slice(0, -4),
      Buffer.from("{}").toString("base64url"),
    ])
      bents.push({ ...good, response: { ...good.response, [field]: value } });
  for (const bent of bents) expect([401, 400]).toContain((await alone(bent)).status);
  const made = new SoftAuthenticator(origin).create(await registerOptions(headers)) as {
    response: Record<string, unknown>;
  };
  for (const attestationObject of [
    "",
    "AA",
    Buffer.alloc(200, 0xff).toString("base64url"),
    Buffer.from([0xbf]).toString("base64url"),
  ]) {
    const options = await registerOptions(headers);
    const fresh = new SoftAuthenticator(origin).create(options) as { response: Record<string, unknown> };
    const status = (await register(headers, { ...made, response: { ...fresh.response, attestationObject } })).status;
    expect([400, 403]).toContain(status);
  }
});
