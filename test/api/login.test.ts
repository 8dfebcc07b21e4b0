import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { passwordOnly } from "../../src/identity/index.js";
import type { SubjectId } from "../../src/vocabulary/index.js";
import { bearer, call, password, setUp, signIn, startTestApi, type TestApi, type Tokens } from "./support.js";

let api: TestApi;
let admin: Record<string, string>;

beforeAll(async () => {
  api = await startTestApi();
  const offer = await api.deps.identity.setup.offer();
  expect(await call(api.app, "GET", "/api/v1/setup")).toMatchObject({ status: 200, body: { needed: true } });
  const wrong = await call(api.app, "POST", "/api/v1/setup", {
    token: `${offer!.token.slice(0, -1)}x`,
    name: "eve",
    password,
  });
  expect(wrong).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
  admin = await setUp(api);
  // The other token, still unused, is worth nothing once there is an admin.
  const late = await call(api.app, "POST", "/api/v1/setup", { token: offer!.token, name: "eve", password });
  expect(late.status).toBe(401);
  expect(await call(api.app, "GET", "/api/v1/setup")).toMatchObject({ body: { needed: false } });
});
afterAll(() => api.close());

let users = 0;
async function person(groups: string[] = ["engineers"]): Promise<{ id: SubjectId; name: string }> {
  const name = `user${++users}`;
  const { status, body } = await call<{ id: SubjectId }>(
    api.app,
    "POST",
    "/api/v1/users",
    { name, password, groups },
    admin,
  );
  expect(status).toBe(201);
  return { id: body.id, name };
}
const me = (tokens: Tokens) => call(api.app, "GET", "/api/v1/me", undefined, bearer(tokens));

test("no answer and no row holds a password or a token in the clear", async () => {
  const { name } = await person();
  const tokens = await signIn(api.app, name);
  const dump = await api.store.db
    .withTables<{ login_tokens: { hash: Buffer }; subjects: { password_hash: string | null } }>()
    .selectFrom("login_tokens")
    .selectAll()
    .execute();
  const text = JSON.stringify(dump);
  expect(text).not.toContain(tokens.accessToken);
  expect(text).not.toContain(tokens.accessToken.slice(8));
  const list = await call(api.app, "GET", "/api/v1/users", undefined, admin);
  expect(JSON.stringify(list.body)).not.toContain("argon2");
  expect(JSON.stringify(api.recorder.entries)).not.toMatch(/hoop_(at|rt|bs)_|battery|argon2/);
});

test("a refresh token is good once; used again it ends the login, and the newer tokens with it", async () => {
  const { name } = await person();
  const first = await signIn(api.app, name);
  const second = await call<Tokens>(api.app, "POST", "/api/v1/login/token", { refreshToken: first.refreshToken });
  expect(second.status).toBe(200);
  expect((await me(second.body)).status).toBe(200);
  const again = await call(api.app, "POST", "/api/v1/login/token", { refreshToken: first.refreshToken });
  expect(again).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
  await expect.poll(async () => (await me(second.body)).status).toBe(401);
  expect((await call(api.app, "POST", "/api/v1/login/token", { refreshToken: second.body.refreshToken })).status).toBe(
    401,
  );
});

test("of two that renew with one token at once, one is served at most", async () => {
  const { name } = await person();
  const { refreshToken } = await signIn(api.app, name);
  const both = await Promise.all([1, 2].map(() => call(api.app, "POST", "/api/v1/login/token", { refreshToken })));
  expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
});

test("one kind of token does not pass as another", async () => {
  const { name } = await person();
  const tokens = await signIn(api.app, name);
  expect((await me({ ...tokens, accessToken: tokens.refreshToken })).status).toBe(401);
  expect((await call(api.app, "POST", "/api/v1/login/token", { refreshToken: tokens.accessToken })).status).toBe(401);
});

test("disabling ends every token and tells watchers on every replica", async () => {
  const { id, name } = await person();
  const tokens = await signIn(api.app, name);
  expect((await me(tokens)).status).toBe(200);
  const other = await api.open("00000000-0000-4000-8000-000000000002");
  const told: unknown[] = [];
  other.deps.identity.authenticator.watch((subject, state, ended) => told.push([subject, state, ended.length]));
  await other.deps.identity.authenticator.authenticate(tokens.accessToken);
  expect((await call(api.app, "PATCH", `/api/v1/users/${name}`, { disabled: true }, admin)).status).toBe(200);
  await expect.poll(() => told, { timeout: 20_000 }).toEqual([[id, null, 1]]);
  await expect(other.deps.identity.authenticator.authenticate(tokens.accessToken)).rejects.toMatchObject({
    code: "unauthenticated",
  });
  expect((await me(tokens)).status).toBe(401);
  expect((await call(api.app, "POST", "/api/v1/login", { name, password })).body).toMatchObject({
    code: "unauthenticated",
  });
  await other.close();
});

test("a change of groups reaches watchers with the new groups", async () => {
  const { id, name } = await person();
  const told: (readonly string[] | undefined)[] = [];
  const stop = api.deps.identity.authenticator.watch((subject, state) => {
    if (subject === id) told.push(state?.groups);
  });
  await call(api.app, "PATCH", `/api/v1/users/${name}`, { groups: ["auditors"] }, admin);
  await expect.poll(() => told, { timeout: 20_000 }).toContainEqual(["auditors"]);
  stop();
});

test("logout ends this login only, and says so to watchers", async () => {
  const { name } = await person();
  const [here, there] = [await signIn(api.app, name), await signIn(api.app, name)];
  const { login } = await api.deps.identity.authenticator.authenticate(here.accessToken);
  const ended: string[] = [];
  const stop = api.deps.identity.authenticator.watch((_id, _subject, logins) => ended.push(...logins));
  expect((await call(api.app, "POST", "/api/v1/logout", undefined, bearer(here))).status).toBe(204);
  await expect.poll(() => ended, { timeout: 20_000 }).toEqual([login]);
  expect((await me(here)).status).toBe(401);
  expect((await me(there)).status).toBe(200);
  stop();
});

test("a browser's cookie is closed to scripts, and its writes need the site's own origin and token", async () => {
  const { name } = await person();
  const login = await call<{ csrfToken: string }>(api.app, "POST", "/api/v1/login", { name, password, as: "browser" });
  const cookie = String(login.headers["set-cookie"]);
  expect(cookie).toMatch(/HttpOnly/i);
  expect(cookie).toMatch(/SameSite=Lax/i);
  const headers = { cookie: cookie.split(";", 1)[0]!, host: "hoop.test" };
  expect((await call(api.app, "GET", "/api/v1/me", undefined, headers)).status).toBe(200);
  const logout = (extra: Record<string, string>) =>
    call(api.app, "POST", "/api/v1/logout", undefined, { ...headers, ...extra });
  const good = { origin: "http://hoop.test", "x-csrf-token": login.body.csrfToken };
  expect((await logout({})).status).toBe(403);
  expect((await logout({ origin: good.origin })).status).toBe(403);
  expect((await logout({ "x-csrf-token": good["x-csrf-token"] })).status).toBe(403);
  expect((await logout({ ...good, origin: "http://evil.test" })).status).toBe(403);
  expect((await logout({ ...good, origin: "null" })).status).toBe(403);
  expect((await logout({ ...good, "x-csrf-token": "x" })).status).toBe(403);
  expect((await logout(good)).status).toBe(204);
  expect((await call(api.app, "GET", "/api/v1/me", undefined, headers)).status).toBe(401);
});

test("a browser's cookie is no bearer token", async () => {
  const { name } = await person();
  const login = await api.deps.identity.logins.issueBrowser(
    (await api.deps.identity.users.get(name)).id,
    { client: "test", address: "127.0.0.1" },
    passwordOnly,
  );
  await expect(api.deps.identity.authenticator.authenticate(login.token)).rejects.toMatchObject({
    code: "unauthenticated",
  });
});

interface Device {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
}

test("the device flow: started, shown, approved, taken once", async () => {
  const { name } = await person();
  const tokens = await signIn(api.app, name);
  const { body: device } = await call<Device>(api.app, "POST", "/api/v1/login/device", { client: "hoop on a laptop" });
  expect(device.verification_uri_complete).toContain(device.user_code);
  const poll = () => call<Tokens>(api.app, "POST", "/api/v1/login/token", { deviceCode: device.device_code });
  expect(await poll()).toMatchObject({ status: 202, body: { state: "pending" } });
  expect(await poll()).toMatchObject({ status: 202, body: { state: "slow-down" } });
  const typed = device.user_code.toLowerCase().replace("-", " ");
  const shown = await call(
    api.app,
    "GET",
    `/api/v1/login/device/${encodeURIComponent(typed)}`,
    undefined,
    bearer(tokens),
  );
  expect(shown).toMatchObject({ status: 200, body: { client: "hoop on a laptop" } });
  const answer = () =>
    call(api.app, "POST", `/api/v1/login/device/${device.user_code}`, { answer: "approved" }, bearer(tokens));
  expect((await answer()).status).toBe(200);
  expect((await answer()).status).toBe(404);
  await sleep(1_100);
  const taken = await poll();
  expect(taken).toMatchObject({ status: 200, body: { subject: { name } } });
  expect((await me(taken.body)).status).toBe(200);
  await sleep(1_100);
  expect((await poll()).status).toBe(404);
});

test("a denied device is told so, and nobody who guesses codes gets far", async () => {
  const { name } = await person();
  const tokens = await signIn(api.app, name);
  const { body: device } = await call<Device>(api.app, "POST", "/api/v1/login/device", {});
  await call(api.app, "POST", `/api/v1/login/device/${device.user_code}`, { answer: "denied" }, bearer(tokens));
  expect((await call(api.app, "POST", "/api/v1/login/token", { deviceCode: device.device_code })).status).toBe(403);
  const statuses: number[] = [];
  for (let n = 0; n < 12; n++) {
    const url = "/api/v1/login/device/BCDF-GHJK";
    statuses.push(
      (await api.app.inject({ method: "GET", url, headers: bearer(tokens), remoteAddress: "192.0.2.8" })).statusCode,
    );
  }
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(404));
  expect(statuses.at(-1)).toBe(429);
});

test("the page without a console signs in and approves in one form, and escapes what it shows", async () => {
  const { name } = await person();
  const { body: device } = await call<Device>(api.app, "POST", "/api/v1/login/device", { client: "<b>bold</b>" });
  const form = (fields: Record<string, string>) =>
    call<string>(api.app, "POST", "/login/device", new URLSearchParams(fields).toString(), {
      "content-type": "application/x-www-form-urlencoded",
    });
  const page = await call<string>(api.app, "GET", '/login/device?code="><b>');
  expect(page.body).not.toContain("<b>");
  expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
  expect((await form({ code: device.user_code, name, password: "wrong", answer: "approved" })).status).toBe(400);
  const done = await form({ code: device.user_code, name, password, answer: "approved" });
  expect(done.status).toBe(200);
  expect(done.body).not.toContain("<b>");
  expect((await call(api.app, "POST", "/api/v1/login/token", { deviceCode: device.device_code })).status).toBe(200);
});

test("guessing passwords is slowed for the guesser, not for the owner elsewhere", async () => {
  const { name } = await person();
  const from = (remoteAddress: string, secret: string) =>
    api.app.inject({ method: "POST", url: "/api/v1/login", remoteAddress, payload: { name, password: secret } });
  const guesses: number[] = [];
  for (let n = 0; n < 7; n++) guesses.push((await from("192.0.2.7", "wrong password")).statusCode);
  expect(guesses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
  expect(guesses.slice(5)).toEqual([429, 429]);
  expect((await from("198.51.100.9", password)).statusCode).toBe(200);
});

test("an unknown user and a wrong password read the same", async () => {
  const { name } = await person();
  const wrong = await call(api.app, "POST", "/api/v1/login", { name, password: "not the password" });
  const unknown = await call(api.app, "POST", "/api/v1/login", { name: "nobody.at.all", password: "not the password" });
  expect(unknown.body).toEqual(wrong.body);
});

test("changing one's password ends every other login", async () => {
  const { name } = await person();
  const [here, there] = [await signIn(api.app, name), await signIn(api.app, name)];
  const next = "a longer better secret";
  expect(
    (await call(api.app, "PUT", "/api/v1/me/password", { current: "wrong", password: next }, bearer(here))).status,
  ).toBe(401);
  expect(
    (await call(api.app, "PUT", "/api/v1/me/password", { current: password, password: "short" }, bearer(here))).status,
  ).toBe(400);
  expect(
    (await call(api.app, "PUT", "/api/v1/me/password", { current: password, password: next }, bearer(here))).status,
  ).toBe(204);
  expect((await me(here)).status).toBe(200);
  await expect.poll(async () => (await me(there)).status).toBe(401);
  await signIn(api.app, name, next);
});

test("the last admin stays", async () => {
  expect((await call(api.app, "PATCH", "/api/v1/users/ada", { disabled: true }, admin)).status).toBe(409);
  expect((await call(api.app, "PATCH", "/api/v1/users/ada", { groups: [] }, admin)).status).toBe(409);
  expect((await call(api.app, "DELETE", "/api/v1/users/ada", undefined, admin)).status).toBe(409);
  expect((await call(api.app, "GET", "/api/v1/me", undefined, admin)).status).toBe(200);
});
