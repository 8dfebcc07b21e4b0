import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiReference, listenApi } from "../../src/api/index.js";
import type { Kill } from "../../src/sessions/index.js";
import { connectionId, sessionId } from "../../src/vocabulary/index.js";
import { bearer, call, password, setUp, signIn, startTestApi, type TestApi } from "./support.js";

let api: TestApi;
let admin: Record<string, string>;
let engineer: Record<string, string>;

beforeAll(async () => {
  api = await startTestApi();
  admin = await setUp(api);
  await call(api.app, "POST", "/api/v1/users", { name: "grace", password, groups: ["engineers"] }, admin);
  engineer = bearer(await signIn(api.app, "grace"));
});
afterAll(() => api.close());

const demo = {
  name: "pg-demo",
  protocol: "postgres",
  host: "db.internal",
  target: { user: "app" },
  labels: { env: "demo" },
};

interface Shown {
  id: string;
  version: number;
  host?: string;
  usable: boolean;
}

test("a connection is made, offered, changed and removed, and its secret never comes back", async () => {
  const made = await call<Shown>(api.app, "POST", "/api/v1/connections", { ...demo, secret: "hunter2hunter2" }, admin);
  expect(made).toMatchObject({
    status: 201,
    body: { name: "pg-demo", port: 5432, tls: { mode: "prefer" }, version: 1 },
  });
  expect(api.secrets.get(made.body.id)).toBe("hunter2hunter2");

  const offered = await call<{ items: Shown[] }>(api.app, "GET", "/api/v1/connections", undefined, engineer);
  expect(offered.body.items).toEqual([
    {
      name: "pg-demo",
      protocol: "postgres",
      port: 5432,
      labels: { env: "demo" },
      example: "psql -h pg-demo.hoop",
      usable: true,
    },
  ]);

  const change = (body: object, headers = {}) =>
    call<Shown>(api.app, "PATCH", "/api/v1/connections/pg-demo", body, { ...admin, ...headers });
  const edited = await change({ labels: { env: "prod" } }, { "if-match": '"1"' });
  expect(edited).toMatchObject({
    status: 200,
    body: { labels: { env: "prod" }, host: "db.internal", version: 2 },
    headers: { etag: '"2"' },
  });
  expect((await change({ port: 1 }, { "if-match": '"1"' })).body).toMatchObject({ code: "precondition-failed" });

  const elsewhere = await change({ host: "evil.example" });
  expect(elsewhere).toMatchObject({ status: 400, body: { hint: expect.stringContaining("secret again") } });
  expect((await change({ host: "other.internal", secret: "a new secret" })).status).toBe(200);

  expect((await call(api.app, "DELETE", "/api/v1/connections/pg-demo", undefined, admin)).status).toBe(204);
  expect(api.secrets.size).toBe(0);
  expect((await call(api.app, "GET", "/api/v1/connections/pg-demo", undefined, engineer)).status).toBe(404);

  const written = JSON.stringify(api.recorder.entries);
  expect(written).not.toMatch(/hunter2|a new secret/);
  expect(api.recorder.entries.map((entry) => entry.kind === "change" && entry.what)).toEqual(
    expect.arrayContaining(["connection.created", "connection.changed", "connection.removed"]),
  );
});

test("an engineer does not see what the rules do not open", async () => {
  await call(api.app, "POST", "/api/v1/connections", { ...demo, name: "pg-hidden" }, admin);
  await call(api.app, "POST", "/api/v1/users", { name: "alan", password, groups: [] }, admin);
  const outsider = bearer(await signIn(api.app, "alan"));
  expect((await call(api.app, "GET", "/api/v1/connections", undefined, outsider)).body).toEqual({ items: [] });
  const hidden = await call(api.app, "GET", "/api/v1/connections/pg-hidden", undefined, outsider);
  const absent = await call(api.app, "GET", "/api/v1/connections/pg-absent", undefined, outsider);
  expect(hidden.status).toBe(404);
  expect({ ...hidden.body, message: "", detail: "" }).toEqual({ ...absent.body, message: "", detail: "" });
});

test.each([
  ["a name that is no DNS label", { name: "pg_demo" }],
  ["a reserved name", { name: "localhost" }],
  ["an internationalised name", { name: "xn--pg-demo" }],
  ["a name with a dot", { name: "a.b" }],
  ["an unknown protocol", { protocol: "gopher" }],
  ["a host with a port", { host: "db:5432" }],
  ["an address misspelt", { host: "10.0.0.256" }],
  ["an address as one number", { host: "2130706433" }],
  ["a target key that the protocol does not know", { target: { user: "app", frobnicate: 1 } }],
  ["no user", { target: {} }],
  ["a label in upper case", { labels: { Env: "x" } }],
  ["a CA that is none", { tls: { mode: "verify-full", ca: "nonsense" } }],
  ["a CA that nothing verifies", { tls: { mode: "require", ca: "-----BEGIN CERTIFICATE-----" } }],
  ["an unknown key", { hots: "x" }],
])("a connection with %s is refused", async (_what, wrong) => {
  const answer = await call(api.app, "POST", "/api/v1/connections", { ...demo, name: "pg-wrong", ...wrong }, admin);
  expect(answer).toMatchObject({ status: 400, body: { code: "invalid", message: expect.any(String) } });
});

test("two of one name are a conflict, whatever the case", async () => {
  await call(api.app, "POST", "/api/v1/connections", { ...demo, name: "pg-twice" }, admin);
  expect((await call(api.app, "POST", "/api/v1/connections", { ...demo, name: "PG-Twice" }, admin)).status).toBe(409);
});

test("what is no JSON, too large or not asked for is a clear error", async () => {
  const send = (payload: string, type = "application/json") =>
    api.app.inject({ method: "POST", url: "/api/v1/groups", headers: { ...admin, "content-type": type }, payload });
  expect((await send("{")).json()).toMatchObject({ status: 400, code: "invalid" });
  expect((await send("x".repeat(1_100_000))).json()).toMatchObject({ status: 413, code: "too-large" });
  expect((await send("<a/>", "text/xml")).json()).toMatchObject({ status: 400, code: "invalid" });
  expect((await send('{"name":"x","nmae":"y"}')).json()).toMatchObject({
    code: "invalid",
    message: expect.stringContaining("nmae"),
  });
  expect((await send('{"__proto__":{"admin":true},"name":"x"}')).json()).toMatchObject({ status: 400 });
  expect((await call(api.app, "GET", "/api/v1/nothing", undefined, admin)).body).toMatchObject({
    status: 404,
    code: "not-found",
  });
  expect((await call(api.app, "GET", "/api/v1/users?limit=0", undefined, admin)).body).toMatchObject({
    code: "invalid",
    message: expect.stringContaining("limit"),
  });
  expect((await call(api.app, "GET", "/api/v1/users?after=nonsense", undefined, admin)).body).toMatchObject({
    code: "invalid",
  });
});

test("no error says what went wrong inside", async () => {
  const answer = await call(api.app, "POST", "/api/v1/groups", { name: "nul", description: "\u0000" }, admin);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).not.toMatch(/invalid byte|22021|insert into/);
});

test("pages go through all, once each", async () => {
  for (const name of ["p1", "p2", "p3", "p4"]) await call(api.app, "POST", "/api/v1/users", { name }, admin);
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const query: string = after === null ? "" : `&after=${encodeURIComponent(after)}`;
    const page = await call<{ items: { name: string }[]; next: string | null }>(
      api.app,
      "GET",
      `/api/v1/users?limit=2${query}`,
      undefined,
      admin,
    );
    seen.push(...page.body.items.map(({ name }) => name));
    after = page.body.next;
  } while (after !== null);
  expect(seen).toEqual([...new Set(seen)].sort());
  expect(seen).toEqual(expect.arrayContaining(["ada", "grace", "p1", "p4"]));
});

test("nothing is changed when it cannot be recorded", async () => {
  api.recorder.full = true;
  const refused = await call(api.app, "POST", "/api/v1/groups", { name: "unrecorded" }, admin);
  api.recorder.full = false;
  expect(refused).toMatchObject({ status: 503, body: { code: "unavailable" } });
  const groups = await call<{ items: { name: string }[] }>(api.app, "GET", "/api/v1/groups", undefined, admin);
  expect(groups.body.items.map(({ name }) => name)).not.toContain("unrecorded");
});

test("policy is planned, applied and simulated", async () => {
  const text =
    "apiVersion: hoop/v1\nkind: guard\nmetadata: { name: no-writes }\nspec: { when: { effects: { any: [write] } }, action: deny, reason: not today }\n";
  const plan = await call<{ revision: number; changes: { action: string; name: string }[] }>(
    api.app,
    "POST",
    "/api/v1/policy/plan",
    { text },
    admin,
  );
  expect(plan.status, JSON.stringify(plan.body)).toBe(200);
  expect(plan.body.changes).toContainEqual(expect.objectContaining({ action: "create", name: "no-writes" }));
  const apply = await call<{ revision: number }>(
    api.app,
    "POST",
    "/api/v1/policy/apply",
    { text, revision: plan.body.revision },
    admin,
  );
  expect(apply.status).toBe(200);
  expect(apply.body.revision).toBeGreaterThan(plan.body.revision);
  const stale = await call(
    api.app,
    "POST",
    "/api/v1/policy/apply",
    { text: text.replace("not today", "never"), revision: plan.body.revision },
    admin,
  );
  expect(stale.status).toBe(409);
  await expect
    .poll(async () => JSON.stringify((await call(api.app, "GET", "/api/v1/policy/explain", undefined, admin)).body), {
      timeout: 20_000,
    })
    .toContain("no-writes");
  await call(api.app, "POST", "/api/v1/connections", { ...demo, name: "pg-simulated" }, admin);
  const simulated = await call(
    api.app,
    "POST",
    "/api/v1/policy/simulate",
    { subject: "grace", connection: "pg-simulated", statement: "select 1" },
    admin,
  );
  expect(simulated).toMatchObject({ status: 200, body: { outcome: expect.any(String), rules: expect.any(Array) } });
});

test("a session of another replica is listed and killed through this one", async () => {
  const other = await api.open("00000000-0000-4000-8000-000000000003");
  const grace = await api.deps.identity.users.get("grace");
  const id = sessionId(randomUUID());
  const killed: Kill[] = [];
  other.deps.sessions.onKill((kill) => killed.push(kill));
  other.deps.sessions.register({
    id,
    subject: { id: grace.id, name: "grace" },
    connection: { id: connectionId(randomUUID()), name: "pg-demo" },
    protocol: "postgres",
    from: "192.0.2.1",
    startedAt: new Date(),
  });
  const mine = () => call<{ items: { id: string }[] }>(api.app, "GET", "/api/v1/sessions/live", undefined, engineer);
  await expect
    .poll(async () => (await mine()).body.items.map((session) => session.id), { timeout: 20_000 })
    .toEqual([id]);
  expect((await call(api.app, "GET", "/api/v1/sessions/live?subject=ada", undefined, engineer)).status).toBe(403);
  expect((await call(api.app, "POST", `/api/v1/sessions/${id}/kill`, { reason: "lunch" }, admin)).status).toBe(202);
  await expect.poll(() => killed, { timeout: 20_000 }).toEqual([{ session: id, by: "ada", reason: "lunch" }]);
  other.deps.sessions.end(id);
  await expect.poll(async () => (await mine()).body.items, { timeout: 20_000 }).toEqual([]);
  expect((await call(api.app, "POST", `/api/v1/sessions/${id}/kill`, {}, admin)).status).toBe(404);
  await other.close();
});

test("sign-ins are limited by rate", async () => {
  const statuses: number[] = [];
  for (let n = 0; n < 61; n++) {
    const response = await api.app.inject({
      method: "POST",
      url: "/api/v1/login",
      remoteAddress: "192.0.2.200",
      payload: {},
    });
    statuses.push(response.statusCode);
  }
  expect(statuses.slice(0, 60)).toEqual(Array(60).fill(400));
  expect(statuses.at(-1)).toBe(429);
});

test("plain HTTP stays on loopback", async () => {
  await expect(listenApi(api.app, { host: "0.0.0.0", port: 0, tls: false })).rejects.toMatchObject({
    code: "precondition-failed",
  });
});

test("OpenAPI and the reference name every route with its answer", async () => {
  const { status, body } = await call<{
    paths: Record<string, Record<string, { security?: unknown; responses: Record<string, unknown> }>>;
  }>(api.app, "GET", "/api/v1/openapi.json");
  expect(status).toBe(200);
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(["/api/v1/login", "/api/v1/users/{user}", "/healthz"]),
  );
  expect(body.paths["/api/v1/users"]!.post).toMatchObject({
    security: [{ bearer: [] }, { cookie: [] }],
    responses: { 201: {}, default: { content: { "application/problem+json": {} } } },
  });
  expect(body.paths["/api/v1/login"]!.post!.security).toBeUndefined();
  const reference = apiReference(api.app);
  // `vitest -u` writes it anew.
  await expect(reference).toMatchFileSnapshot("../../docs/api.md");
  expect(reference).toContain("### POST /api/v1/connections");
  expect(reference).toContain(
    "`secret` (string or null, optional): The password of the target's user. Never given back.",
  );
});
