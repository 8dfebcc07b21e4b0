import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApi } from "../../src/api/index.js";
import { bearer, call, password, setUp, signIn, startTestApi, type TestApi } from "../api/support.js";

let api: TestApi;
let admin: Record<string, string>;
let engineer: Record<string, string>;

beforeAll(async () => {
  api = await startTestApi();
  // Before there is an admin: two people with a token each, at the same moment.
  const [one, two] = [await api.deps.identity.setup.offer(), await api.deps.identity.setup.offer()];
  const race = await Promise.all([
    call(api.app, "POST", "/api/v1/setup", { token: one!.token, name: "eve", password }),
    call(api.app, "POST", "/api/v1/setup", { token: two!.token, name: "mallory", password }),
    call(api.app, "POST", "/api/v1/setup", { token: one!.token, name: "trent", password }),
  ]);
  expect(race.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1);
  const winner = ["eve", "mallory", "trent"][race.findIndex(({ status }) => status === 201)]!;
  admin = bearer(await signIn(api.app, winner));
  expect(
    (await call(api.app, "POST", "/api/v1/users", { name: "ada", password, groups: ["engineers"] }, admin)).status,
  ).toBe(201);
  engineer = bearer(await signIn(api.app, "ada"));
});
afterAll(() => api.close());

test("the token of a setup that somebody else won is worth nothing afterwards", async () => {
  expect(await api.deps.identity.setup.offer()).toBeNull();
  await expect(setUp(api)).rejects.toThrow();
});

test("nobody becomes an admin by another spelling of the group, and a name differs from another by more than case", async () => {
  for (const group of ["ADMINS", "Admins", "admins\u200b", "ａdmins", " admins", "admins\u0000", "__proto__"]) {
    const made = await call(api.app, "POST", "/api/v1/groups", { name: group }, admin);
    expect([group, made.status >= 400]).toEqual([group, true]);
  }
  expect((await call(api.app, "POST", "/api/v1/users", { name: "ADA", password, groups: [] }, admin)).status).toBe(409);
  expect((await call(api.app, "DELETE", "/api/v1/groups/ADMINS", undefined, admin)).status).toBe(400);
});

test("what a caller adds to a body does not reach what it is not for", async () => {
  for (const [path, body] of [
    ["/api/v1/login", { name: "ada", password, groups: ["admins"] }],
    ["/api/v1/login", { name: "ada", password, admin: true }],
    ["/api/v1/me/password", { current: password, password: "another long password", groups: ["admins"] }],
    ["/api/v1/login/token", { deviceCode: "x", subject: "ada" }],
  ] as const) {
    const answer = await call(api.app, path.endsWith("password") ? "PUT" : "POST", path, body, engineer);
    expect([path, answer.status]).toEqual([path, 400]);
  }
  const draft = { name: "pg-mass", protocol: "postgres", host: "db.internal", target: { user: "app" } };
  for (const more of [
    { id: "00000000-0000-4000-8000-000000000001" },
    { version: 99 },
    { usable: true },
    { credential: "x" },
  ]) {
    expect((await call(api.app, "POST", "/api/v1/connections", { ...draft, ...more }, admin)).status).toBe(400);
  }
});

test("a body cannot change what all objects have", async () => {
  const raw = (payload: string) =>
    api.app.inject({
      method: "POST",
      url: "/api/v1/connections",
      headers: { ...admin, "content-type": "application/json" },
      payload,
    });
  const start = '{"name":"pg-proto","protocol":"postgres","host":"db.internal"';
  for (const tail of [
    ',"labels":{"__proto__":"polluted"},"target":{"user":"app"}}',
    ',"labels":{"constructor":{"prototype":{"polluted":"yes"}}},"target":{"user":"app"}}',
    ',"target":{"user":"app","__proto__":{"polluted":"yes"}}}',
    ',"__proto__":{"polluted":"yes"},"target":{"user":"app"}}',
    ',"tls":{"__proto__":{"mode":"disable"}},"target":{"user":"app"}}',
  ]) {
    const { statusCode } = await raw(start + tail);
    expect([tail, statusCode]).toEqual([tail, 400]);
  }
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  const policy =
    "apiVersion: hoop/v1\nkind: access\nmetadata: { name: p, __proto__: { polluted: 'yes' } }\nspec: { who: { group: engineers }, where: everywhere, effects: [read], constructor: { prototype: { polluted: 'yes' } } }\n";
  expect((await call(api.app, "POST", "/api/v1/policy/plan", { text: policy }, admin)).status).toBe(400);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  // A thousandfold alias is an error, and soon.
  const bomb = `a: &a [${"x,".repeat(50)}]\nb: &b [${"*a,".repeat(50)}]\nc: &c [${"*b,".repeat(50)}]\nd: &d [${"*c,".repeat(50)}]\ne: [${"*d,".repeat(50)}]\n`;
  expect((await call(api.app, "POST", "/api/v1/policy/plan", { text: bomb }, admin)).status).toBe(400);
});

test("a stored secret goes nowhere that it was not given for, unless the place is proven to be the same", async () => {
  const certificate = (await call<string>(api.app, "GET", "/api/v1/ca")).body;
  expect(typeof certificate).toBe("string");
  const draft = {
    name: "pg-secret",
    protocol: "postgres",
    host: "db.internal",
    agent: "site-a",
    target: { user: "app" },
    secret: "the stored secret",
  };
  const change = (body: object) => call<{ id: string }>(api.app, "PATCH", "/api/v1/connections/pg-secret", body, admin);
  expect(
    (await call(api.app, "POST", "/api/v1/connections", { ...draft, tls: { mode: "verify-full" } }, admin)).status,
  ).toBe(201);
  // A name that the thief owns has a perfectly good certificate.
  for (const stolen of [
    { host: "evil.example" },
    { tls: { mode: "verify-full", serverName: "evil.example" } },
    { host: "10.0.0.9", tls: { mode: "prefer" } },
    { tls: { mode: "disable" } },
    { tls: { mode: "require" } },
    { exposesCredentialToAgent: true },
    { host: "evil.example", tls: { mode: "verify-ca" } },
  ]) {
    expect([stolen, (await change(stolen)).status]).toEqual([stolen, 400]);
  }
  // Elsewhere on the way, the same name at the end.
  expect((await change({ agent: "site-b", port: 6432 })).status).toBe(200);
  expect((await change({ host: "10.0.0.9", tls: { mode: "verify-full", serverName: "db.internal" } })).status).toBe(
    200,
  );
  expect((await change({ labels: { env: "prod" } })).status).toBe(200);
  expect((await change({ host: "evil.example", secret: "what is given with it" })).status).toBe(200);
  expect([...api.secrets.values()]).toContain("what is given with it");
  expect([...api.secrets.values()]).not.toContain("the stored secret");
});

test("a new secret is in place before the connection leads elsewhere", async () => {
  const { connections } = api.deps;
  const made = await connections.create(
    { name: "pg-order", protocol: "postgres", host: "old.internal", target: { user: "app" } },
    "old",
  );
  const seen: string[] = [];
  const stop = connections.source.watch(() => {
    const now = connections.source.byName("pg-order")!;
    seen.push(`${now.host} ${api.secrets.get(made.id)}`);
  });
  await connections.edit("pg-order", { host: "new.internal" }, { secret: "new" });
  await connections.edit("pg-order", { host: "third.internal" }, { secret: null });
  stop();
  expect(seen).toContain("new.internal new");
  expect(seen).not.toContain("new.internal old");
  expect(seen).not.toContain("third.internal new");
});

test("where an asker says that it comes from counts for nothing, and guessing is slowed whatever it says", async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    const headers = { "x-forwarded-for": `10.9.8.${i}`, forwarded: `for=10.9.8.${i}`, "x-real-ip": `10.9.8.${i}` };
    statuses.push(
      (await call(api.app, "POST", "/api/v1/login", { name: "ada", password: "a wrong password" }, headers)).status,
    );
  }
  expect(statuses).toContain(429);
});

test("answers give no way to write headers or pages into them", async () => {
  for (const path of [
    "/api/v1/%0d%0aset-cookie:%20x=1",
    "/%0d%0aLocation:%20https://evil.example",
    "/<script>alert(1)</script>",
  ]) {
    const answer = await call<string>(api.app, "GET", path);
    expect(answer.status).toBe(404);
    expect(Object.keys(answer.headers)).not.toContain("location");
    expect(JSON.stringify(answer.headers["set-cookie"] ?? "")).toBe('""');
    expect(String(answer.headers["content-type"])).toContain("application/problem+json");
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  }
  const page = await call<string>(api.app, "GET", "/login/device?code=%22%3E%3Cscript%3E1");
  expect(page.body).not.toContain("<script>");
});

test("the console's folder is all that is served, whatever the path says", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hoop-console-"));
  const outside = await mkdtemp(join(tmpdir(), "hoop-outside-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<title>Hoop</title>");
  await writeFile(join(outside, "secret.txt"), "OUTSIDE");
  const app = await createApi(api.deps, { tls: null, publicUrl: null, consoleFolder: folder });
  try {
    const name = outside.split("/").at(-1)!;
    for (const path of [
      `/../${name}/secret.txt`,
      `/%2e%2e/${name}/secret.txt`,
      `/..%2f${name}%2fsecret.txt`,
      `/assets/../../${name}/secret.txt`,
      `/assets/%2e%2e%2f%2e%2e%2f${name}%2fsecret.txt`,
      `/..%5c${name}%5csecret.txt`,
      `/%252e%252e/${name}/secret.txt`,
      `//${outside}/secret.txt`,
      `/${outside}/secret.txt`,
      `/assets/..%00/${name}/secret.txt`,
      `/secret.txt%00.html`,
      "/%c0%ae%c0%ae/etc/passwd.txt",
      "/%zz.txt",
    ]) {
      const answer = await call<string>(app, "GET", path);
      expect([path, answer.status >= 400 || String(answer.body).includes("<title>Hoop")]).toEqual([path, true]);
      expect(JSON.stringify(answer.body)).not.toContain("OUTSIDE");
      expect(answer.status).toBeLessThan(500);
    }
  } finally {
    await app.close();
    for (const path of [folder, outside]) await rm(path, { recursive: true, force: true });
  }
});

test("an engineer ends and sees no session but their own, by id, by filter, by page", async () => {
  const other = "00000000-0000-4000-8000-0000000000bb";
  for (const [method, path] of [
    ["GET", `/api/v1/sessions/${other}`],
    ["GET", `/api/v1/sessions/${other}/entries`],
    ["POST", `/api/v1/sessions/${other}/kill`],
  ] as const) {
    const theirs = await call(api.app, method, path, method === "POST" ? {} : undefined, engineer);
    const none = await call(
      api.app,
      method,
      path.replace(other, "00000000-0000-4000-8000-0000000000ee"),
      method === "POST" ? {} : undefined,
      engineer,
    );
    // Not even whether it is there.
    expect([path, theirs.status, theirs.body]).toEqual([path, 404, none.body]);
  }
  for (const subject of ["eve", "00000000-0000-4000-8000-0000000000aa", "*", "%25"]) {
    expect((await call(api.app, "GET", `/api/v1/sessions?subject=${subject}`, undefined, engineer)).status).toBe(403);
    expect((await call(api.app, "GET", `/api/v1/sessions/live?subject=${subject}`, undefined, engineer)).status).toBe(
      403,
    );
  }
});
