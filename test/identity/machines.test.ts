import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bearer, call, password, setUp, signIn, startTestApi, type TestApi } from "../api/support.js";
import { until } from "../support/clients.js";

interface Key {
  readonly key: string;
  readonly details: { readonly id: string; readonly name: string; readonly hint: string };
}
interface Account {
  readonly id: string;
  readonly name: string;
  readonly keys: readonly { readonly name: string; readonly state: string; readonly lastUsedFrom: string | null }[];
}

describe("service accounts and their keys", () => {
  let api: TestApi;
  let admin: Record<string, string>;
  let account: string;
  beforeAll(async () => {
    api = await startTestApi();
    admin = await setUp(api);
    const made = await call<Account>(
      api.app,
      "POST",
      "/api/v1/service-accounts",
      { name: "deploy", groups: ["engineers"] },
      admin,
    );
    expect(made.status).toBe(201);
    account = made.body.name;
  });
  afterAll(() => api?.close());

  async function keyOf(body: object, status = 201): Promise<Key> {
    const made = await call<Key>(api.app, "POST", `/api/v1/service-accounts/${account}/keys`, body, admin);
    expect(made.status, JSON.stringify(made.body)).toBe(status);
    return made.body;
  }
  const me = (key: string) =>
    call<{ detail: string }>(api.app, "GET", "/api/v1/me", undefined, { authorization: `Bearer ${key}` });
  const refused = (text: RegExp) => ({
    status: 401,
    body: expect.objectContaining({ detail: expect.stringMatching(text) }),
  });

  it("are shown once, kept as hashes, and let their holder in", async () => {
    const { key, details } = await keyOf({ name: "first" });
    expect(key).toMatch(/^hoop_sk_[\w-]{43}[0-9A-Za-z]{6}$/);
    expect(key.startsWith(details.hint)).toBe(true);
    expect((await me(key)).body).toMatchObject({ subject: { name: "deploy", kind: "service" } });
    const { rows } = await api.store.db.executeQuery<{ text: string }>({
      sql: "select (select jsonb_agg(t)::text from login_tokens t) || (select jsonb_agg(k)::text from service_keys k) || (select jsonb_agg(l)::text from logins l) as text",
      parameters: [],
    } as never);
    expect(rows[0]!.text).toContain(details.hint);
    expect(rows[0]!.text).not.toContain(key.slice(20));
    expect(JSON.stringify(api.recorder.entries)).not.toContain(key.slice(20));
  });

  it("with a letter changed are nobody's, and are not looked up", async () => {
    const { key } = await keyOf({ name: "typo" });
    const other = key.at(-8) === "A" ? "B" : "A";
    expect(await me(`${key.slice(0, -8)}${other}${key.slice(-7)}`)).toMatchObject(refused(/not known/));
    // As an access token it is none either.
    expect(await me(key.replace("hoop_sk_", "hoop_at_"))).toMatchObject(refused(/not known/));
  });

  it("are replaced with overlap, and revoked at once, on every replica", async () => {
    const other = await api.open("00000000-0000-4000-8000-000000000002");
    try {
      const [old, young] = [await keyOf({ name: "old" }), await keyOf({ name: "young" })];
      const there = (key: string) =>
        call(other.app, "GET", "/api/v1/me", undefined, { authorization: `Bearer ${key}` });
      expect([(await me(old.key)).status, (await there(old.key)).status, (await there(young.key)).status]).toEqual([
        200, 200, 200,
      ]);
      const revoked = await call(api.app, "DELETE", `/api/v1/service-accounts/${account}/keys/old`, undefined, admin);
      expect(revoked.status).toBe(204);
      await until("the other replica knows", async () => (await there(old.key)).status === 401);
      expect(await me(old.key)).toMatchObject(refused(/revoked/));
      expect((await there(young.key)).status).toBe(200);
      // Its name is free again.
      await keyOf({ name: "old" });
    } finally {
      await other.close();
    }
  });

  it("of one name are there once", async () => {
    await keyOf({ name: "twice" });
    await keyOf({ name: "twice" }, 409);
  });

  it("count from the addresses that they are bound to, and from no other", async () => {
    const near = await keyOf({ name: "near", sources: ["127.0.0.0/8"] });
    const far = await keyOf({ name: "far", sources: ["10.9.0.0/16", "2001:db8::/32"] });
    expect((await me(near.key)).status).toBe(200);
    expect(await me(far.key)).toMatchObject(refused(/not be used from here/));
    await keyOf({ name: "all", sources: ["0.0.0.0/0"] }, 400);
    await keyOf({ name: "none", sources: ["nowhere"] }, 400);
  });

  it("end by themselves", async () => {
    const { key, details } = await keyOf({ name: "short", expiresInSeconds: 60 });
    expect((await me(key)).status).toBe(200);
    await api.store.db.executeQuery({
      sql: "update login_tokens set expires_at = now() - interval '1 second' where login_id = $1",
      parameters: [details.id],
    } as never);
    await api.store.changes.publish("identity");
    await until("it has expired", async () => (await me(key)).status === 401);
    expect(await me(key)).toMatchObject(refused(/expired/));
  });

  it("are worth nothing while their account is disabled, and count again after", async () => {
    const { key } = await keyOf({ name: "kept" });
    const set = (disabled: boolean) =>
      call(api.app, "PATCH", `/api/v1/service-accounts/${account}`, { disabled }, admin);
    expect((await me(key)).status).toBe(200);
    expect((await set(true)).status).toBe(200);
    expect(await me(key)).toMatchObject(refused(/disabled/));
    expect((await set(false)).status).toBe(200);
    expect((await me(key)).status).toBe(200);
  });

  it("bound what the API may be asked for", async () => {
    const roleGiven = await call(
      api.app,
      "POST",
      "/api/v1/service-accounts",
      { name: "helper", groups: ["admins"] },
      admin,
    );
    expect(roleGiven.status).toBe(201);
    const make = async (name: string, bounds: object) =>
      (await call<Key>(api.app, "POST", "/api/v1/service-accounts/helper/keys", { name, bounds }, admin)).body.key;
    const users = (key: string) => call(api.app, "GET", "/api/v1/users", undefined, { authorization: `Bearer ${key}` });
    const add = (key: string, name: string) =>
      call(api.app, "POST", "/api/v1/users", { name }, { authorization: `Bearer ${key}` });
    const [all, reading, none, named] = [
      await make("all", {}),
      await make("reading", { readOnly: true }),
      await make("none", { permissions: [] }),
      await make("named", { permissions: ["users.read"] }),
    ];
    expect([
      (await users(all)).status,
      (await users(reading)).status,
      (await users(none)).status,
      (await users(named)).status,
    ]).toEqual([200, 200, 403, 200]);
    expect([(await add(all, "x1")).status, (await add(reading, "x2")).status, (await add(named, "x3")).status]).toEqual(
      [201, 403, 403],
    );
  });

  it("are made by nobody for an account that may more than they do", async () => {
    await call(api.app, "POST", "/api/v1/users", { name: "bert", password, groups: ["engineers"] }, admin);
    const bert = bearer(await signIn(api.app, "bert"));
    for (const [method, path, body] of [
      ["GET", "/api/v1/service-accounts", undefined],
      ["POST", "/api/v1/service-accounts", { name: "mine" }],
      ["POST", "/api/v1/service-accounts/helper/keys", { name: "mine" }],
    ] as const)
      expect((await call(api.app, method, path, body, bert)).status).toBe(403);
    // Who may change machines still gives away no more than they have.
    const role = { name: "machinist", description: "", permissions: ["machines.read", "machines.write"] };
    expect((await call(api.app, "POST", "/api/v1/roles", role, admin)).status).toBe(201);
    const bound = await call(api.app, "POST", "/api/v1/role-bindings", { role: "machinist", user: "bert" }, admin);
    expect(bound.status, JSON.stringify(bound.body)).toBe(201);
    await until(
      "the role counts",
      async () => (await call(api.app, "GET", "/api/v1/service-accounts", undefined, bert)).status === 200,
    );
    expect((await call(api.app, "POST", "/api/v1/service-accounts/helper/keys", { name: "mine" }, bert)).status).toBe(
      403,
    );
    expect((await call(api.app, "POST", "/api/v1/service-accounts/deploy/keys", { name: "berts" }, bert)).status).toBe(
      201,
    );
    expect(
      (await call(api.app, "POST", "/api/v1/service-accounts", { name: "mine", groups: ["admins"] }, bert)).status,
    ).toBe(403);
  });

  it("are never people's", async () => {
    expect((await call(api.app, "POST", "/api/v1/service-accounts/ada/keys", { name: "x" }, admin)).status).toBe(404);
  });

  it("tell when they were used last", async () => {
    const { key } = await keyOf({ name: "used" });
    await me(key);
    // Written behind; asked here as soon as it would be.
    await until(
      "it is written down",
      async () => {
        const { body } = await call<Account>(api.app, "GET", `/api/v1/service-accounts/${account}`, undefined, admin);
        return body.keys.find(({ name }) => name === "used")?.lastUsedFrom === "127.0.0.1";
      },
      20_000,
    );
  });

  it("leave a record of who made and revoked them", () => {
    const changes = api.recorder.entries.flatMap((entry) =>
      entry.kind === "change" ? [`${entry.actor.name} ${entry.what} ${entry.target}`] : [],
    );
    expect(changes).toContain("ada service-account.created deploy");
    expect(changes).toContain("ada service-key.created deploy/first");
    expect(changes).toContain("ada service-key.revoked deploy/old");
  });

  it("go with their account", async () => {
    const { key } = await keyOf({ name: "last" });
    expect((await me(key)).status).toBe(200);
    expect((await call(api.app, "DELETE", `/api/v1/service-accounts/${account}`, undefined, admin)).status).toBe(204);
    expect((await me(key)).status).toBe(401);
  });
});
