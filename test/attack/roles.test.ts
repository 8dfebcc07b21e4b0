import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectionId, sessionId, subjectId } from "../../src/vocabulary/index.js";
import { bearer, call, password, setUp, signIn, startTestApi, type TestApi } from "../api/support.js";

/*
 * One test for each way in which somebody could come to more than they were given. It only grows: what once worked stays here.
 */

type Headers = Record<string, string>;
type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

let api: TestApi;
let ada: Headers;
const ids: Record<string, string> = {};

const ask = <T = Record<string, unknown>>(who: Headers, method: Method, path: string, body?: unknown) =>
  call<T>(api.app, method, `/api/v1${path}`, body, who);

/** A new user with a role of these permissions, and their headers. */
async function somebody(
  name: string,
  permissions: readonly string[],
  scope: Record<string, string[]> | null = null,
): Promise<Headers> {
  const made = await ask<{ id: string }>(ada, "POST", "/users", { name, password, groups: [] });
  ids[name] = made.body.id;
  if (permissions.length > 0) {
    await ask(ada, "POST", "/roles", { name: `${name}-role`, permissions });
    const bound = await ask(ada, "POST", "/role-bindings", { role: `${name}-role`, user: name, scope });
    if (bound.status !== 201) throw new Error(JSON.stringify(bound.body));
  }
  return bearer(await signIn(api.app, name));
}

const connection = (name: string, labels: Record<string, string>) => ({
  name,
  protocol: "postgres",
  host: "db.internal",
  target: { user: "app" },
  labels,
});

beforeAll(async () => {
  api = await startTestApi();
  ada = await setUp(api);
  ids["ada"] = (await ask<{ id: string }>(ada, "GET", "/users/ada")).body.id;
  await ask(ada, "POST", "/groups", { name: "pii" });
  await ask(ada, "POST", "/groups", { name: "contractors" });
  for (const [name, team] of [
    ["pg-pay", "payments"],
    ["pg-crm", "crm"],
  ] as const)
    await ask(ada, "POST", "/connections", connection(name, { team, env: "prod" }));
});
afterAll(() => api.close());

describe("who writes users", () => {
  let help: Headers;
  beforeAll(async () => {
    help = await somebody("help", ["users.read", "users.write", "groups.read", "groups.members", "groups.write"]);
  });

  test("does not become an admin by their own group, nor by a new user in it", async () => {
    expect((await ask(help, "PATCH", "/users/help", { groups: ["admins"] })).status).toBe(403);
    expect((await ask(help, "POST", "/users", { name: "puppet", password, groups: ["admins"] })).status).toBe(403);
    expect((await ask(help, "POST", "/users", { name: "puppet", password, groups: ["auditors"] })).status).toBe(403);
    expect((await ask(ada, "GET", "/users/puppet")).status).toBe(404);
  });

  test("does not take over who may more: no password, address, factor, group, switch or removal", async () => {
    for (const change of [
      { password: "another long password" },
      { email: "help@example.org" },
      { disabled: true },
      { groups: [] },
      {},
    ])
      expect([change, (await ask(help, "PATCH", "/users/ada", change)).status]).toEqual([change, 403]);
    expect((await ask(help, "DELETE", "/users/ada")).status).toBe(403);
    expect((await ask(help, "DELETE", "/users/ada/factors")).status).toBe(403);
    await somebody("reader", ["audit.read"]);
    expect((await ask(help, "PATCH", "/users/reader", { password: "another long password" })).status).toBe(403);
    expect((await ask(help, "PATCH", "/users/reader", { disabled: true })).status).toBe(403);
  });

  test("does not reach what rules give a group: not for others, not for themselves, not by a new user", async () => {
    await ask(ada, "POST", "/users", { name: "friend", password });
    expect((await ask(help, "PATCH", "/users/friend", { groups: ["pii"] })).status).toBe(403);
    expect((await ask(help, "PATCH", "/users/help", { groups: ["pii"] })).status).toBe(403);
    expect((await ask(help, "POST", "/users", { name: "puppet", password, groups: ["pii"] })).status).toBe(403);
  });

  test("does not leave a group that rules forbid things to, nor takes others out of it", async () => {
    await ask(ada, "PATCH", "/users/help", { groups: ["contractors"] });
    await ask(ada, "PATCH", "/users/friend", { groups: ["pii"] });
    expect((await ask(help, "PATCH", "/users/help", { groups: [] })).status).toBe(403);
    expect((await ask(help, "PATCH", "/users/friend", { groups: [] })).status).toBe(403);
    // A group of which one is a member oneself is one's own to share.
    expect((await ask(help, "PATCH", "/users/friend", { groups: ["contractors", "pii"] })).status).toBe(200);
    await ask(ada, "PATCH", "/users/help", { groups: [] });
  });

  test("does not remove a group to lift what hangs on it", async () => {
    expect((await ask(help, "DELETE", "/groups/contractors")).status).toBe(403);
    expect((await ask(help, "DELETE", "/groups/admins")).status).toBeGreaterThanOrEqual(400);
  });

  test("without groups.members does not fill groups by way of users.write", async () => {
    const clerk = await somebody("clerk", ["users.write"]);
    await ask(ada, "PATCH", "/users/clerk", { groups: ["pii"] });
    const again = bearer(await signIn(api.app, "clerk"));
    expect((await ask(again, "POST", "/users", { name: "puppet", password, groups: ["pii"] })).status).toBe(403);
    expect((await ask(clerk, "POST", "/users", { name: "plain", password, groups: [] })).status).toBe(201);
  });
});

describe("who writes roles", () => {
  let lead: Headers;
  beforeAll(async () => {
    lead = await somebody("lead", ["roles.read", "roles.write", "users.read"]);
  });
  const binding = async (user: string) =>
    (await ask<{ items: { id: string; role: string }[] }>(ada, "GET", `/role-bindings?user=${user}`)).body.items;

  test("does not bind what they do not have, to themselves or to anybody", async () => {
    for (const role of ["admin", "auditor", "reviewer", "help-role"])
      for (const to of [{ user: "lead" }, { user: "friend" }, { group: "engineers" }])
        expect([role, to, (await ask(lead, "POST", "/role-bindings", { role, ...to })).status]).toEqual([
          role,
          to,
          403,
        ]);
  });

  test("does not make a role with more, edit more into their own, or bind an unlimited one of what they have limited", async () => {
    expect((await ask(lead, "POST", "/roles", { name: "mine", permissions: ["policy.write"] })).status).toBe(403);
    expect(
      (
        await ask(lead, "PATCH", "/roles/lead-role", {
          permissions: ["roles.read", "roles.write", "users.read", "users.write"],
        })
      ).status,
    ).toBe(403);
    expect((await ask(lead, "PATCH", "/roles/admin", { permissions: [] })).status).toBe(400);
    const limited = await somebody("limited", ["connections.read"], { team: ["payments"] });
    await ask(ada, "POST", "/role-bindings", { role: "lead-role", user: "limited" });
    await ask(ada, "POST", "/roles", { name: "seer", permissions: ["connections.read"] });
    const give = (scope: Record<string, string[]> | null) =>
      ask(limited, "POST", "/role-bindings", { role: "seer", user: "limited", scope });
    const wider: readonly (Record<string, string[]> | null)[] = [
      null,
      { team: ["crm"] },
      { team: ["payments", "crm"] },
      { env: ["prod"] },
      { TEAM: ["payments"] },
      { team: ["*"] },
      {},
    ];
    for (const scope of wider) expect([scope, (await give(scope)).status >= 400]).toEqual([scope, true]);
    expect((await give({ team: ["payments"], env: ["prod"] })).status).toBe(201);
  });

  test("does not take away what they could not give", async () => {
    for (const { id, role } of await binding("ada"))
      if (role !== "engineer") expect((await ask(lead, "DELETE", `/role-bindings/${id}`)).status).toBe(403);
    for (const { id } of await binding("reader"))
      expect((await ask(lead, "DELETE", `/role-bindings/${id}`)).status).toBe(403);
    expect((await ask(lead, "DELETE", "/roles/reader-role")).status).toBe(403);
    expect((await ask(lead, "PATCH", "/roles/reader-role", { permissions: [] })).status).toBe(403);
  });

  test("a role under a scope promises nothing that a scope cannot limit, bound or edited so later", async () => {
    expect(
      (await ask(ada, "POST", "/role-bindings", { role: "admin", user: "friend", scope: { team: ["payments"] } }))
        .status,
    ).toBe(400);
    expect(
      (await ask(ada, "PATCH", "/roles/limited-role", { permissions: ["connections.read", "users.write"] })).status,
    ).toBe(400);
  });

  test("a role that is taken away is gone for open logins at once, also by its group and by its own change", async () => {
    const shortly = await somebody("shortly", ["agents.read"]);
    expect((await ask(shortly, "GET", "/agents")).status).toBe(200);
    await ask(ada, "PATCH", "/roles/shortly-role", { permissions: ["audit.read"] });
    expect((await ask(shortly, "GET", "/agents")).status).toBe(403);
    expect((await ask(shortly, "GET", "/audit/changes")).status).toBe(200);
    const { id } = (await binding("shortly"))[0]!;
    await ask(ada, "DELETE", `/role-bindings/${id}`);
    expect((await ask(shortly, "GET", "/audit/changes")).status).toBe(403);
    await ask(ada, "POST", "/groups", { name: "readers" });
    await ask(ada, "POST", "/role-bindings", { role: "auditor", group: "readers" });
    await ask(ada, "PATCH", "/users/shortly", { groups: ["readers"] });
    expect((await ask(shortly, "GET", "/audit/changes")).status).toBe(200);
    await ask(ada, "DELETE", "/groups/readers");
    expect((await ask(shortly, "GET", "/audit/changes")).status).toBe(403);
    // Whoever makes a group of that name anew does not find its roles.
    await ask(ada, "POST", "/groups", { name: "readers" });
    await ask(ada, "PATCH", "/users/shortly", { groups: ["readers"] });
    expect((await ask(shortly, "GET", "/audit/changes")).status).toBe(403);
  });

  test("on another replica as well, within a second", async () => {
    const other = await api.open(randomUUID());
    try {
      const roaming = await somebody("roaming", ["agents.read"]);
      const there = async () => (await call(other.app, "GET", "/api/v1/agents", undefined, roaming)).status;
      await expect.poll(there, { timeout: 20_000, interval: 20 }).toBe(200);
      const { id } = (await binding("roaming"))[0]!;
      await ask(ada, "DELETE", `/role-bindings/${id}`);
      await expect.poll(there, { timeout: 20_000, interval: 20 }).toBe(403);
    } finally {
      await other.close();
    }
  });

  test("every change is recorded with before and after", () => {
    const changes = api.recorder.entries.filter((entry) => entry.kind === "change");
    expect(changes.find(({ what }) => what === "role.changed")).toMatchObject({
      actor: { name: "ada" },
      before: { permissions: ["agents.read"] },
      after: { permissions: ["audit.read"] },
    });
    for (const what of ["role.created", "role.granted", "role.revoked"])
      expect(changes.some((one) => one.what === what)).toBe(true);
  });
});

describe("who leads connections by their labels", () => {
  let lead: Headers;
  beforeAll(async () => {
    lead = await somebody(
      "paylead",
      [
        "connections.read",
        "connections.write",
        "connections.test",
        "policy.read",
        "policy.write",
        "sessions.read",
        "sessions.kill",
        "sessions.reveal",
        "reviews.read",
      ],
      { team: ["payments"] },
    );
  });

  test("sees and changes those alone, and of others not whether they are there", async () => {
    const list = await ask<{ items: { name: string; host?: string }[] }>(lead, "GET", "/connections");
    expect(list.body.items.filter(({ host }) => host !== undefined).map(({ name }) => name)).toEqual(["pg-pay"]);
    expect((await ask(lead, "PATCH", "/connections/pg-pay", { target: { user: "app2" } })).status).toBe(200);
    const none = (await ask(lead, "PATCH", "/connections/pg-none", { host: "x" })).status;
    for (const [method, path, body] of [
      ["GET", "/connections/pg-crm", undefined],
      ["PATCH", "/connections/pg-crm", { host: "evil.example" }],
      ["DELETE", "/connections/pg-crm", undefined],
      ["POST", "/connections/pg-crm/test", {}],
    ] as const)
      expect([path, (await ask(lead, method, path, body)).status]).toEqual([path, none]);
  });

  test("moves none out of their labels, and none of others into them", async () => {
    for (const labels of [
      { team: "crm" },
      {},
      { env: "prod" },
      { Team: "payments" },
      { team: "payments2" },
      { team: "Payments" },
    ])
      expect([labels, (await ask(lead, "PATCH", "/connections/pg-pay", { labels })).status]).toEqual([labels, 403]);
    expect((await ask(lead, "PATCH", "/connections/pg-crm", { labels: { team: "payments" } })).status).toBe(404);
    const others: readonly Record<string, string>[] = [{ team: "crm" }, {}];
    for (const labels of others)
      expect((await ask(lead, "POST", "/connections", connection("pg-new", labels))).status).toBe(403);
    expect((await ask(lead, "POST", "/connections", connection("pg-new", { team: "payments" }))).status).toBe(201);
    // A label may be added to what stays one's own.
    expect((await ask(lead, "PATCH", "/connections/pg-new", { labels: { team: "payments", env: "dev" } })).status).toBe(
      200,
    );
  });

  test("a connection that is moved away while they change it stays unchanged", async () => {
    await ask(ada, "POST", "/connections", connection("pg-moving", { team: "payments" }));
    for (let n = 0; n < 5; n++) {
      await ask(ada, "PATCH", "/connections/pg-moving", { labels: { team: "payments" } });
      const [away, mine] = await Promise.all([
        ask(ada, "PATCH", "/connections/pg-moving", { labels: { team: "crm" } }),
        ask(lead, "PATCH", "/connections/pg-moving", { labels: { team: "payments" }, host: "evil.example" }),
      ]);
      // Whoever came second was told: an admin who names no version wins, one who leads by labels does not.
      const now = (await ask<{ labels: object }>(ada, "GET", "/connections/pg-moving")).body;
      if (away.status === 200 && mine.status !== 200) expect(now.labels).toEqual({ team: "crm" });
    }
  });

  const rule = (name: string, where: unknown, more: object = {}, kind = "access") =>
    JSON.stringify({
      apiVersion: "hoop/v1",
      kind,
      metadata: { name },
      spec: {
        who: "everyone",
        ...(where === undefined ? {} : { where }),
        ...(kind === "access" ? { effects: ["read"] } : {}),
        ...more,
      },
    });
  const apply = (who: Headers, text: string, prune = false) => ask(who, "POST", "/policy/apply", { text, prune });

  test("writes rules about those connections alone", async () => {
    for (const where of [
      "everywhere",
      { connection: "pg-pay" },
      { connection: "*" },
      { label: { team: "crm" } },
      { label: { team: ["payments", "crm"] } },
      { label: { team: "pay*" } },
      { label: { team: "*" } },
      { label: { env: "prod" } },
      [{ label: { team: "payments" } }, { connection: "pg-crm" }],
      [{ label: { team: "payments" } }, { label: { team: "crm" } }],
      { protocol: "postgres" },
    ]) {
      const answer = await apply(lead, rule("wide", where));
      expect([where, answer.status]).toEqual([where, 403]);
      expect((await ask(lead, "POST", "/policy/plan", { text: rule("wide", where) })).status).toBe(403);
    }
    expect((await apply(lead, rule("pay-read", { label: { team: "payments", env: "prod" } }))).status).toBe(200);
    expect((await apply(lead, rule("pay-read", [{ label: { team: "payments" }, connection: "pg-*" }]))).status).toBe(
      200,
    );
  });

  test("writes no rule of a kind that reaches further: a mask, guard or budget everywhere, a test, a token turned back", async () => {
    for (const [kind, spec] of [
      ["guard", { action: "deny", when: { effect: { any: ["write"] } } }],
      ["mask", { columns: "email", mask: { method: "redact" } }],
      ["budget", { measure: "rows", limit: 1, per: "day", action: "stop" }],
      [
        "request",
        { reveal: ["fraud"], approve: { by: { group: "engineers" } }, where: { label: { team: "payments" } } },
      ],
    ] as const) {
      const text = JSON.stringify({ apiVersion: "hoop/v1", kind, metadata: { name: "far" }, spec });
      const { status } = await apply(lead, text);
      expect([kind, status === 403 || status === 400]).toEqual([kind, true]);
    }
    const text = JSON.stringify({
      apiVersion: "hoop/v1",
      kind: "test",
      metadata: { name: "block" },
      spec: { as: { group: "engineers" }, on: "pg-pay", statement: "select 1", expect: "deny" },
    });
    expect([400, 403]).toContain((await apply(lead, text)).status);
  });

  test("neither changes, takes over by name, prunes nor enforces others' rules", async () => {
    await apply(ada, rule("crm-read", { label: { team: "crm" } }, { mode: "shadow" }));
    expect((await apply(lead, rule("crm-read", { label: { team: "payments" } }))).status).toBe(403);
    expect((await apply(lead, rule("pay-read", { label: { team: "payments" } }), true)).status).toBe(403);
    expect((await ask(lead, "POST", "/policy/rules/crm-read/enforce", {})).status).toBe(403);
    const names = JSON.stringify((await ask(ada, "GET", "/policy")).body);
    expect(names).toContain("crm-read");
  });

  test("reads their own rules only, in every view", async () => {
    for (const path of ["/policy", "/policy/explain", "/policy/history?limit=500"]) {
      const { status, body } = await ask(lead, "GET", path);
      expect([path, status]).toEqual([path, 200]);
      expect([path, JSON.stringify(body).includes("crm-read")]).toEqual([path, false]);
      expect([path, JSON.stringify(body).includes("pay-read")]).toEqual([path, true]);
    }
    const simulate = (connection: string) =>
      ask(lead, "POST", "/policy/simulate", { subject: "ada", connection, statement: "select 1" });
    expect((await simulate("pg-pay")).status).toBe(200);
    expect((await simulate("pg-crm")).status).toBe(403);
    expect((await ask(lead, "GET", "/policy/explain/pg-crm?subject=ada")).status).toBe(404);
    expect((await ask(lead, "GET", "/policy/explain/pg-pay?subject=ada")).status).toBe(200);
    for (const path of ["/policy/shadows", "/policy/budgets"])
      expect((await ask(lead, "GET", path)).status).not.toBe(500);
    expect((await ask(lead, "GET", "/policy/shadows")).status).toBe(403);
  });

  test("sees and ends sessions on those connections alone", async () => {
    const places = api.deps.connections.source;
    const live = async (name: string) => {
      const id = sessionId(randomUUID());
      const { id: at } = places.byName(name)!;
      api.deps.sessions.register({
        id,
        subject: { id: subjectId(ids["ada"]!), name: "ada" },
        connection: { id: connectionId(at), name },
        protocol: "postgres",
        from: "127.0.0.1",
        startedAt: new Date(Date.now() + 1_000),
      });
      return id;
    };
    const [mine, other] = [await live("pg-pay"), await live("pg-crm")];
    const seen = async () =>
      (await ask<{ items: { id: string }[] }>(lead, "GET", "/sessions/live?limit=500")).body.items.map(({ id }) => id);
    await expect.poll(seen, { timeout: 20_000 }).toContain(mine);
    expect(await seen()).not.toContain(other);
    expect((await ask<{ items: unknown[] }>(lead, "GET", "/sessions/live?connection=pg-crm")).body.items).toEqual([]);
    expect((await ask(lead, "POST", `/sessions/${other}/kill`, {})).status).toBe(404);
    expect((await ask(lead, "POST", `/sessions/${mine}/kill`, {})).status).toBe(202);
  });

  test("does not come to recordings by taking the name of a connection that was there before", async () => {
    // Recorded long ago on a `pg-demo` that is no more.
    const { otherSession } = await import("../api/support.js");
    const look = () => ask(lead, "GET", `/sessions/${otherSession}`);
    expect((await look()).status).toBe(404);
    const session = api.deps.recordings.session;
    const old = new Date(Date.now() - 86_400_000);
    (api.deps.recordings as { session: typeof session }).session = async (id) => {
      const found = await session(id);
      return found === null ? null : { ...found, startedAt: old };
    };
    expect((await ask(lead, "POST", "/connections", connection("pg-demo", { team: "payments" }))).status).toBe(201);
    expect((await look()).status).toBe(404);
    expect((await ask(lead, "POST", `/sessions/${otherSession}/entries/1/reveal`, { because: "x" })).status).toBe(404);
    expect((await ask(lead, "PATCH", "/connections/pg-new", { name: "pg-demo2" })).status).toBe(403);
    (api.deps.recordings as { session: typeof session }).session = session;
    expect((await look()).status).toBe(200);
  });

  test("is an admin of nothing else", async () => {
    for (const [method, path, body] of [
      ["GET", "/users", undefined],
      ["GET", "/groups", undefined],
      ["GET", "/audit/changes", undefined],
      ["GET", "/audit/export", undefined],
      ["GET", "/agents", undefined],
      ["GET", "/roles", undefined],
      ["GET", "/directories", undefined],
      ["GET", "/reviews?view=all", undefined],
      ["POST", "/secrets/rotate", {}],
      ["POST", "/role-bindings", { role: "paylead-role", user: "friend", scope: { team: ["payments"] } }],
    ] as const)
      expect([path, (await ask(lead, method, path, body)).status]).toEqual([path, 403]);
    const me = await ask<{ admin: boolean; auditor: boolean; permissions: string[]; scoped: { scope: string }[] }>(
      lead,
      "GET",
      "/me",
    );
    expect(me.body).toMatchObject({ admin: false, auditor: false, permissions: [] });
    expect(new Set(me.body.scoped.map(({ scope }) => scope))).toEqual(new Set(["team=payments"]));
  });
});

describe("who sets up directories", () => {
  test("makes no token that fills groups for them: it takes what giving all that takes", async () => {
    const keeper = await somebody("keeper", ["directory.read", "directory.write"]);
    expect((await ask(keeper, "POST", "/directories", { name: "mine" })).status).toBe(403);
    await ask(ada, "POST", "/directories", { name: "corp" });
    expect((await ask(keeper, "POST", "/directories/corp/tokens", {})).status).toBe(403);
    expect((await ask(keeper, "PATCH", "/directories/corp", { mayFill: ["admins"] })).status).toBe(403);
    expect((await ask(keeper, "POST", "/directories/corp/given", { group: "admins" })).status).toBe(403);
    const writer = await somebody("dirwriter", ["directory.write", "users.write", "groups.members", "policy.write"]);
    expect((await ask(writer, "POST", "/directories/corp/tokens", {})).status).toBe(201);
    expect((await ask(writer, "PATCH", "/directories/corp", { mayFill: ["admins"] })).status).toBe(403);
    expect((await ask(writer, "POST", "/directories/corp/given", { group: "admins" })).status).toBe(403);
    await ask(ada, "PATCH", "/directories/corp", { mayFill: ["admins"] });
    // Now its token is worth an admin's rights.
    expect((await ask(writer, "POST", "/directories/corp/tokens", {})).status).toBe(403);
    expect((await ask(writer, "PATCH", "/directories/corp", { description: "x" })).status).toBe(403);
  });
});

describe("the last admin", () => {
  test("stays, however many go at the same moment", async () => {
    const solo = await startTestApi();
    try {
      const first = await setUp(solo);
      const as = (who: Headers, method: Method, path: string, body?: unknown) =>
        call<{ id: string }>(solo.app, method, `/api/v1${path}`, body, who);
      await as(first, "POST", "/users", { name: "bert", password, groups: ["admins"] });
      const bert = bearer(await signIn(solo.app, "bert"));
      // Each throws the other out.
      const answers = await Promise.all([
        as(first, "PATCH", "/users/bert", { disabled: true }),
        as(bert, "PATCH", "/users/ada", { groups: [] }),
        as(first, "PATCH", "/users/ada", { groups: ["engineers"] }),
        as(bert, "DELETE", "/users/bert"),
      ]);
      expect(answers.some(({ status }) => status < 300)).toBe(true);
      expect(await solo.deps.identity.setup.needed()).toBe(false);
      const { identity } = solo.deps;
      const admins = (await identity.users.list({ after: null, limit: 10 })).filter(
        (user) => !user.disabled && user.groups.includes("admins"),
      );
      expect(admins).toHaveLength(1);
      const last = admins[0]!;
      await expect(identity.users.remove(last.id)).rejects.toMatchObject({ code: "conflict" });
      const bound = identity.roles.bindings().find(({ role, to }) => role === "admin" && to.name === "admins")!;
      await expect(identity.roles.unbind(bound.id, null)).rejects.toMatchObject({ code: "conflict" });
      // By name instead of by group is as good.
      await identity.roles.bind({ role: "admin", to: { user: last.name }, scope: null }, null);
      await identity.roles.unbind(bound.id, null);
      await expect(identity.users.change(last.id, { disabled: true })).rejects.toMatchObject({ code: "conflict" });
    } finally {
      await solo.close();
    }
  });

  test("what was taken away a moment ago is not given on: the author is read in the change itself", async () => {
    const giver = await somebody("giver", ["roles.read", "roles.write", "audit.read"]);
    const { roles, users } = api.deps.identity;
    const stale = await users.get("giver");
    const [bound] = roles.bindingsOf(stale);
    await ask(ada, "DELETE", `/role-bindings/${bound!.id}`);
    await expect(
      roles.bind({ role: "giver-role", to: { user: "friend" }, scope: null }, { ...stale, email: undefined }),
    ).rejects.toMatchObject({ code: "denied" });
    expect((await ask(giver, "GET", "/roles")).status).toBe(403);
  });
});

describe("bounded tokens and machines that act for somebody", () => {
  test("give no more than the bounds and the person", async () => {
    const { roles, users } = api.deps.identity;
    const admin = await users.get("ada");
    const subject = { ...admin, email: undefined };
    const bounds = [{ of: "key", permissions: ["agents.read"] }];
    const bound = roles.rights({ ...subject, bounds });
    expect([bound.has("agents.read"), bound.has("agents.write"), bound.has("roles.write")]).toEqual([
      true,
      false,
      false,
    ]);
    const placed = roles.rights({ ...subject, bounds: [{ of: "key", connections: [{ names: ["pg-p*"] }] }] });
    const at = (name: string) => placed.hasOn("connections.write", { name, labels: {} });
    expect([at("pg-pay"), at("pg-crm"), placed.has("connections.write")]).toEqual([true, false, false]);
    const friend = { ...(await users.get("friend")), email: undefined };
    const forFriend = roles.rights({ ...subject, onBehalfOf: friend });
    expect([forFriend.has("users.read"), forFriend.hasSomewhere("policy.read")]).toEqual([false, false]);
    // Nor does it give on what only its own half has.
    await expect(
      roles.bind({ role: "auditor", to: { user: "friend" }, scope: null }, { ...subject, onBehalfOf: friend }),
    ).rejects.toMatchObject({ code: "denied" });
    await expect(
      roles.bind({ role: "auditor", to: { user: "friend" }, scope: null }, { ...subject, bounds }),
    ).rejects.toMatchObject({ code: "denied" });
  });
});
