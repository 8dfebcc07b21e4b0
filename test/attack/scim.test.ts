import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, password } from "../api/support.js";
import { type Listed, patchOp, type ScimApi, type Shown, startScimApi, userSchema } from "../identity/scim-support.js";

let api: ScimApi;
let eve: Shown;
let team: Shown;
beforeAll(async () => {
  api = await startScimApi();
  eve = (
    await api.scim<Shown>("POST", "/Users", { userName: "eve@example.org", emails: [{ value: "eve@example.org" }] })
  ).body;
  team = (await api.scim<Shown>("POST", "/Groups", { displayName: "team" })).body;
});
afterAll(() => api.close());

// One file: a list that only grows, of what a directory, or who stole its token, may send.
const filtered = (filter: string, path = "/Users") =>
  api.scim<Listed>("GET", `${path}?filter=${encodeURIComponent(filter)}`);
const user = (name: string) =>
  call<{ id: string; disabled: boolean; groups: string[] }>(
    api.app,
    "GET",
    `/api/v1/users/${name}`,
    undefined,
    api.admin,
  );

describe("filters", () => {
  test("that name what all objects have change nothing, and are refused", async () => {
    for (const filter of [
      '__proto__ eq "x"',
      'a.__proto__.polluted eq "x"',
      'constructor.prototype.polluted eq "x"',
      'emails[__proto__ eq "x"]',
      "toString pr",
      'name.constructor eq "x"',
      'emails[constructor.prototype eq "x"].value eq "y"',
    ]) {
      const { status, body } = await filtered(filter);
      expect([filter, status, (body as unknown as { scimType: string }).scimType]).toEqual([
        filter,
        400,
        "invalidFilter",
      ]);
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("are never SQL", async () => {
    for (const value of [
      "' or 1=1 --",
      "'; drop table subjects; --",
      "x') or true or ('",
      "%",
      "_",
      "\\",
      "$1",
      "\\u0000",
      "\ud800",
      "#{1+1}",
    ]) {
      for (const by of ["eq", "co", "sw", "ew", "gt"]) {
        const json = value.startsWith("\\u") ? `"${value}"` : JSON.stringify(value);
        const { status, body } = await filtered(`userName ${by} ${json} and displayName ne ${json}`);
        expect([value, by, status]).toEqual([value, by, 200]);
        if (by !== "gt") expect([value, by, body.totalResults]).toEqual([value, by, 0]);
      }
    }
    expect((await filtered(`userName eq "x" or (id eq "' or ''='")`)).body.totalResults).toBe(0);
    expect((await filtered('userName"; select 1; -- eq "x"')).status).toBe(400);
    expect((await filtered('meta.created gt "now()"')).status).toBe(400);
    expect((await user("ada")).status).toBe(200);
  });

  test("that are long, deep or wide are refused soon", async () => {
    const started = performance.now();
    for (const filter of [
      `${"(".repeat(500)}userName eq "x"${")".repeat(500)}`,
      `${"not (".repeat(200)}userName eq "x"${")".repeat(200)}`,
      `userName eq "${"x".repeat(10_000)}"`,
      Array.from({ length: 200 }, (_, n) => `(userName eq "${n}" or displayName eq "${n}")`).join(" and "),
      `emails[${"(".repeat(100)}value eq "x"${")".repeat(100)}]`,
      `a${".b".repeat(1_000)} pr`,
    ]) {
      const { status } = await filtered(filter);
      expect([filter.slice(0, 40), status]).toEqual([filter.slice(0, 40), 400]);
    }
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  test("that are not whole are refused as the protocol says", async () => {
    for (const filter of [
      "userName",
      "userName eq",
      'userName eq "a',
      "eq",
      "()",
      "(userName pr",
      "userName pr)",
      "userName zz 1",
      'userName eq "a" b',
      "emails[value eq",
      'emails] eq "x"',
      "and",
      "not userName pr",
      'a eq "x" and',
      "password pr",
      'passwordHash sw "$argon"',
      "x eq 1",
    ]) {
      const { status, body } = await filtered(filter);
      expect([filter, status, (body as unknown as { scimType?: string }).scimType]).toEqual([
        filter,
        400,
        "invalidFilter",
      ]);
    }
    expect((await api.scim("GET", "/Users?count=x")).status).toBe(400);
    expect((await api.scim("GET", "/Users?filter=a&filter=b")).status).toBe(400);
    expect((await api.scim("GET", "/Users?startIndex=-5&count=-1")).status).toBe(200);
  });
});

describe("bodies", () => {
  const raw = (method: "POST" | "PATCH" | "PUT", url: string, payload: string) =>
    api.app.inject({
      method,
      url: `/scim/v2${url}`,
      headers: { authorization: token, "content-type": "application/scim+json" },
      payload,
    });
  let token: string;
  beforeAll(async () => {
    token = (await api.directory("raw"))["authorization"]!;
  });

  test("cannot change what all objects have", async () => {
    for (const payload of [
      '{"userName":"p1@x.org","__proto__":{"polluted":1}}',
      '{"userName":"p2@x.org","constructor":{"prototype":{"polluted":1}}}',
      '{"userName":"p3@x.org","name":{"__proto__":{"polluted":1}}}',
      '{"userName":"p4@x.org","emails":[{"__proto__":{"polluted":1},"value":"a@b.c"}]}',
    ]) {
      const { statusCode } = await raw("POST", "/Users", payload);
      expect([payload, statusCode]).toEqual([payload, 400]);
    }
    const made = (await raw("POST", "/Users", '{"userName":"path@x.org"}')).json() as Shown;
    for (const path of [
      "__proto__.polluted",
      "constructor.prototype.polluted",
      "name.__proto__",
      "emails[__proto__ eq 1].value",
      'emails[type eq "work"].__proto__',
    ]) {
      const { statusCode } = await raw(
        "PATCH",
        `/Users/${made.id}`,
        JSON.stringify(patchOp({ op: "add", path, value: "x" })),
      );
      expect([path, statusCode]).toEqual([path, 400]);
      const keyed = await raw(
        "PATCH",
        `/Users/${made.id}`,
        JSON.stringify(patchOp({ op: "add", value: { [`${path}`]: "x" } })),
      );
      expect([path, keyed.statusCode === 200 || keyed.statusCode === 400]).toEqual([path, true]);
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("that are deep, wrong or too large are refused", async () => {
    const deep = `${'{"name":'.repeat(5_000)}1${"}".repeat(5_000)}`;
    expect((await raw("POST", "/Users", `{"userName":"deep@x.org","x":${deep}}`)).statusCode).toBeLessThan(500);
    for (const [payload, status] of [
      ["[]", 400],
      ["null", 400],
      ['"x"', 400],
      ["{", 400],
      ['{"userName":5e999}', 400],
      ['{"userName":{"a":1}}', 400],
      ['{"userName":"a b"}', 400],
      [`{"userName":"${"x".repeat(65)}@x.org"}`, 400],
      ['{"userName":"ctl\\u0000@x.org"}', 400],
      ['{"userName":"ok@x.org","displayName":"\\ud800"}', 400],
      ['{"userName":"ok@x.org","active":"maybe"}', 400],
      ['{"userName":"ok@x.org","emails":[{"value":"no address"}]}', 400],
      [
        JSON.stringify({ userName: "ok@x.org", emails: Array.from({ length: 1_000 }, () => ({ value: "a@b.c" })) }),
        413,
      ],
      [JSON.stringify({ userName: "ok@x.org", title: "x".repeat(5_000) }), 400],
    ] as const) {
      const { statusCode, body } = await raw("POST", "/Users", payload);
      expect([payload.slice(0, 60), statusCode, body.slice(0, 100)]).toEqual([
        payload.slice(0, 60),
        status,
        expect.stringContaining("messages:2.0:Error"),
      ]);
    }
    const huge = await raw("POST", "/Users", `{"userName":"${"x".repeat(5 * 1024 * 1024)}"}`);
    expect(huge.statusCode).toBe(413);
    const text = await api.app.inject({
      method: "POST",
      url: "/scim/v2/Users",
      headers: { authorization: token, "content-type": "text/xml" },
      payload: "<a/>",
    });
    expect(text.statusCode).toBe(400);
  });

  test("operations that make no sense are refused and change nothing", async () => {
    const before = (await api.scim<Shown>("GET", `/Users/${eve.id}`)).body;
    for (const operations of [
      [{ op: "move", path: "userName" }],
      [{ op: "remove" }],
      [{ op: "remove", path: "userName" }],
      [{ op: "replace", path: "id", value: "x" }],
      [{ op: "replace", path: "meta.created", value: "x" }],
      [{ op: "add", path: "groups", value: [{ value: team.id }] }],
      [{ op: "replace", path: "noSuchThing", value: 1 }],
      [{ op: "replace", path: 'emails[value sw "zzz"].value', value: "a@b.c" }],
      [{ op: "replace", path: "emails[", value: 1 }],
      [{ op: "add", path: "title" }],
      [
        { op: "replace", path: "title", value: "kept?" },
        { op: "replace", path: "nope", value: 1 },
      ],
      Array.from({ length: 1_001 }, () => ({ op: "replace", path: "title", value: "x" })),
      [],
      [null],
    ]) {
      const { status } = await api.scim("PATCH", `/Users/${eve.id}`, {
        schemas: patchOp().schemas,
        Operations: operations,
      });
      expect([JSON.stringify(operations).slice(0, 60), status >= 400 && status < 500]).toEqual([
        JSON.stringify(operations).slice(0, 60),
        true,
      ]);
    }
    expect((await api.scim<Shown>("GET", `/Users/${eve.id}`)).body).toEqual(before);
  });

  test("ten thousand members that are nobody are refused at once, ten thousand repeated ones are one", async () => {
    const strangers = Array.from({ length: 10_000 }, (_, n) => ({
      value: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
    }));
    const refused = await api.scim(
      "PATCH",
      `/Groups/${team.id}`,
      patchOp({ op: "add", path: "members", value: strangers }),
    );
    expect(refused.body).toMatchObject({ status: "400", scimType: "invalidValue" });
    const repeated = Array.from({ length: 10_000 }, () => ({ value: eve.id }));
    expect(
      (await api.scim("PATCH", `/Groups/${team.id}`, patchOp({ op: "add", path: "members", value: repeated }))).status,
    ).toBe(204);
    expect((await api.scim<{ members: unknown[] }>("GET", `/Groups/${team.id}`)).body.members).toHaveLength(1);
    const many = Array.from({ length: 50_001 }, () => ({ value: eve.id }));
    expect(
      (await api.scim("PATCH", `/Groups/${team.id}`, patchOp({ op: "add", path: "members", value: many }))).status,
    ).toBe(413);
  });

  test("ten thousand real members come and go in one request each", async () => {
    await api.store.db.transaction().execute(async (trx) => {
      const { sql } = await import("kysely");
      await sql`insert into subjects (id, kind, name) select gen_random_uuid(), 'person', 'bulk' || n || '@x.org' from generate_series(1, 10000) n`.execute(
        trx,
      );
      await sql`insert into directory_people (subject_id, directory_id, user_name, active, attributes)
        select s.id, d.id, s.name, true, '{"texts": {}, "lists": {}}' from subjects s, directories d where s.name like 'bulk%' and d.name = 'okta'`.execute(
        trx,
      );
    });
    const page = await api.scim<Listed>("GET", `/Users?filter=${encodeURIComponent('userName sw "bulk"')}&count=500`);
    expect(page.body).toMatchObject({ totalResults: 10_000, itemsPerPage: 500 });
    const { sql } = await import("kysely");
    const { rows } = await sql<{ id: string }>`select id from subjects where name like 'bulk%'`.execute(api.store.db);
    const members = rows.map(({ id }) => ({ value: id }));
    expect(
      (await api.scim("PATCH", `/Groups/${team.id}`, patchOp({ op: "replace", path: "members", value: members })))
        .status,
    ).toBe(204);
    expect((await api.scim<{ members: unknown[] }>("GET", `/Groups/${team.id}`)).body.members).toHaveLength(10_000);
    expect((await user(eve.id)).body.groups).toEqual([]);
    const entry = api.recorder.entries.findLast((one) => one.kind === "change") as {
      after: { added: unknown[]; addedCount: number };
    };
    expect([entry.after.added.length, entry.after.addedCount]).toEqual([1_000, 10_000]);
    expect((await api.scim("PATCH", `/Groups/${team.id}`, patchOp({ op: "remove", path: "members" }))).status).toBe(
      204,
    );
  });
});

describe("what a directory cannot reach", () => {
  test("anything without its own token, and nothing else with it", async () => {
    for (const headers of [
      {},
      { authorization: "Bearer x" },
      { authorization: "Basic eDp5" },
      api.admin,
      { authorization: `Bearer hoop_scim_${"A".repeat(43)}` },
    ]) {
      const { status, headers: answered } = await call(api.app, "GET", "/scim/v2/Users", undefined, headers);
      expect([status, answered["content-type"]]).toEqual([401, expect.stringContaining("scim+json")]);
    }
    const token = await api.directory("alone");
    for (const path of ["/api/v1/me", "/api/v1/users", "/api/v1/connections"])
      expect((await call(api.app, "GET", path, undefined, token)).status).toBe(401);
  });

  test("a token that was revoked, has expired, or whose directory is switched off", async () => {
    const made = await call<{ id: string; token: string }>(
      api.app,
      "POST",
      "/api/v1/directories/okta/tokens",
      { label: "old", lifeSeconds: 60 },
      api.admin,
    );
    const second = { authorization: `Bearer ${made.body.token}` };
    const asked = async (headers: Record<string, string>) =>
      (await call(api.app, "GET", "/scim/v2/Users?count=0", undefined, headers)).status;
    // Both are good: that is how one takes the other's place.
    expect([await asked(second), (await api.scim("GET", "/Users?count=0")).status]).toEqual([200, 200]);
    const list = await call<{ items: { id: string; lastUsedAt: string | null }[] }>(
      api.app,
      "GET",
      "/api/v1/directories/okta/tokens",
      undefined,
      api.admin,
    );
    expect(JSON.stringify(list.body)).not.toContain("hoop_scim_");
    expect(list.body.items.find(({ id }) => id === made.body.id)?.lastUsedAt).not.toBeNull();
    await call(api.app, "PATCH", "/api/v1/directories/okta", { enabled: false }, api.admin);
    expect(await asked(second)).toBe(401);
    await call(api.app, "PATCH", "/api/v1/directories/okta", { enabled: true }, api.admin);
    expect(await asked(second)).toBe(200);
    await call(api.app, "DELETE", `/api/v1/directories/okta/tokens/${made.body.id}`, undefined, api.admin);
    expect(await asked(second)).toBe(401);
    const { sql } = await import("kysely");
    const short = await call<{ id: string; token: string }>(
      api.app,
      "POST",
      "/api/v1/directories/okta/tokens",
      { lifeSeconds: 60 },
      api.admin,
    );
    await sql`update directory_tokens set expires_at = now() - interval '1 second' where id = ${short.body.id}`.execute(
      api.store.db,
    );
    expect(await asked({ authorization: `Bearer ${short.body.token}` })).toBe(401);
  });

  test("local users, service accounts, other directories' users and groups: they are not there", async () => {
    await call(api.app, "POST", "/api/v1/users", { name: "robot", kind: "service" }, api.admin);
    const other = await api.directory("entra");
    const theirs = (await call<Shown>(api.app, "POST", "/scim/v2/Users", { userName: "theirs@example.org" }, other))
      .body;
    const theirTeam = (await call<Shown>(api.app, "POST", "/scim/v2/Groups", { displayName: "their team" }, other))
      .body;
    const [ada, robot] = [(await user("ada")).body.id, (await user("robot")).body.id];
    for (const id of [ada, robot, theirs.id, "00000000-0000-4000-8000-000000000000", "x", "..%2fUsers", "%27"]) {
      expect([id, (await api.scim("GET", `/Users/${id}`)).status]).toEqual([id, 404]);
      const off = await api.scim("PATCH", `/Users/${id}`, patchOp({ op: "replace", value: { active: false } }));
      expect([id, off.status]).toEqual([id, 404]);
      expect([id, (await api.scim("PUT", `/Users/${id}`, { userName: "stolen@example.org" })).status]).toEqual([
        id,
        404,
      ]);
      expect([id, (await api.scim("DELETE", `/Users/${id}`)).status]).toEqual([id, 404]);
      const add = await api.scim(
        "PATCH",
        `/Groups/${team.id}`,
        patchOp({ op: "add", path: "members", value: [{ value: id }] }),
      );
      expect([id, add.status]).toEqual([id, 400]);
    }
    for (const userName of ["ada", "ADA", "robot", "theirs@example.org"])
      expect((await api.scim("POST", "/Users", { userName })).body).toMatchObject({
        status: "409",
        scimType: "uniqueness",
      });
    for (const displayName of ["admins", "Admins", "auditors", "engineers", "their team", "Their Team"])
      expect((await api.scim("POST", "/Groups", { displayName })).body).toMatchObject({
        status: "409",
        scimType: "uniqueness",
      });
    expect((await api.scim("DELETE", `/Groups/${theirTeam.id}`)).status).toBe(404);
    for (const filter of [
      'userName eq "ada"',
      'userName eq "theirs@example.org"',
      `id eq "${ada}"`,
      'userName sw "a" or id pr',
    ])
      expect((await filtered(`${filter}`)).body.Resources.map(({ userName }) => userName)).not.toContain("ada");
    expect((await user("ada")).body.disabled).toBe(false);
  });

  test("a group that carries a role, until somebody who may says so; taking out is never refused", async () => {
    const made = (await api.scim<Shown>("POST", "/Groups", { displayName: "Site Admins" })).body;
    await call(api.app, "POST", "/api/v1/role-bindings", { role: "admin", group: "site-admins" }, api.admin);
    const add = () =>
      api.scim("PATCH", `/Groups/${made.id}`, patchOp({ op: "add", path: "members", value: [{ value: eve.id }] }));
    expect((await add()).status).toBe(403);
    expect(
      (await api.scim("PUT", `/Groups/${made.id}`, { displayName: "Site Admins", members: [{ value: eve.id }] }))
        .status,
    ).toBe(403);
    expect((await user(eve.id)).body.groups).not.toContain("site-admins");
    await call(api.app, "PATCH", "/api/v1/directories/okta", { mayFill: ["site-admins"] }, api.admin);
    expect((await add()).status).toBe(204);
    await call(api.app, "PATCH", "/api/v1/directories/okta", { mayFill: [] }, api.admin);
    expect(
      (await api.scim("PATCH", `/Groups/${made.id}`, patchOp({ op: "remove", path: `members[value eq "${eve.id}"]` })))
        .status,
    ).toBe(204);
    expect((await add()).status).toBe(403);
  });

  test("the last admin, though it is its own user", async () => {
    const solo = await startScimApi();
    try {
      const boss = (await solo.scim<Shown>("POST", "/Users", { userName: "boss@example.org" })).body;
      await call(solo.app, "POST", "/api/v1/role-bindings", { role: "admin", user: boss.id }, solo.admin);
      const { identity } = solo.deps;
      await identity.users.change((await identity.users.get("ada")).id, { disabled: true });
      const off = await solo.scim("PATCH", `/Users/${boss.id}`, patchOp({ op: "replace", value: { active: false } }));
      expect(off.status).toBe(409);
      expect((await solo.scim("DELETE", `/Users/${boss.id}`)).status).toBe(409);
      expect((await identity.users.get(boss.id)).disabled).toBe(false);
    } finally {
      await solo.close();
    }
  });

  test("whom somebody here has disabled stays so, and whom it has switched off nobody here switches on", async () => {
    const made = (await api.scim<Shown>("POST", "/Users", { userName: "twice@example.org" })).body;
    const set = (active: boolean) =>
      api.scim<Shown>("PATCH", `/Users/${made.id}`, patchOp({ op: "replace", value: { active } }));
    const here = (disabled: boolean) => call(api.app, "PATCH", `/api/v1/users/${made.id}`, { disabled }, api.admin);
    await here(true);
    expect((await set(false)).body.active).toBe(false);
    expect((await set(true)).body.active).toBe(false);
    expect((await here(false)).status).toBe(200);
    expect((await user(made.id)).body.disabled).toBe(false);
    await set(false);
    expect((await here(false)).status).toBe(409);
    // A whole user without `active` switches nobody on.
    const put = await api.scim<Shown>("PUT", `/Users/${made.id}`, { userName: "twice@example.org" });
    expect([put.status, put.body.active]).toEqual([200, false]);
    expect((await user(made.id)).body.disabled).toBe(true);
  });

  test("admins and service accounts are not handed over; a local user who is loses their password", async () => {
    const give = (user: string) => call(api.app, "POST", "/api/v1/directories/okta/given", { user }, api.admin);
    expect((await give("ada")).status).toBe(400);
    expect((await give("robot")).status).toBe(400);
    await call(api.app, "POST", "/api/v1/users", { name: "grace", password }, api.admin);
    const grace = await api.as("grace");
    expect((await give("grace")).status).toBe(204);
    expect((await give("grace")).status).toBe(409);
    expect((await call(api.app, "POST", "/api/v1/login", { name: "grace", password })).status).toBe(401);
    expect((await call(api.app, "GET", "/api/v1/me", undefined, grace)).status).toBe(200);
    const found = (await filtered('userName eq "grace"')).body.Resources[0] as Shown;
    await api.scim("PATCH", `/Users/${found.id}`, patchOp({ op: "replace", value: { active: false } }));
    expect((await call(api.app, "GET", "/api/v1/me", undefined, grace)).status).toBe(401);
  });
});

describe("races", () => {
  test("two that create one user: one is made, the other is told", async () => {
    const made = await Promise.all(
      Array.from({ length: 6 }, () => api.scim("POST", "/Users", { userName: "race@example.org" })),
    );
    expect(made.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });

  test("members that are added and removed side by side leave what the last one said", async () => {
    const ids = await Promise.all(
      Array.from(
        { length: 8 },
        async (_, n) => (await api.scim<Shown>("POST", "/Users", { userName: `side${n}@example.org` })).body.id,
      ),
    );
    const answers = await Promise.all(
      ids.flatMap((id) => [
        api.scim("PATCH", `/Groups/${team.id}`, patchOp({ op: "add", path: "members", value: [{ value: id }] })),
        api.scim("PATCH", `/Groups/${team.id}`, patchOp({ op: "remove", path: `members[value eq "${id}"]` })),
      ]),
    );
    expect(answers.every(({ status }) => status === 204)).toBe(true);
    await api.scim(
      "PATCH",
      `/Groups/${team.id}`,
      patchOp({ op: "replace", path: "members", value: ids.map((value) => ({ value })) }),
    );
    expect((await api.scim<{ members: unknown[] }>("GET", `/Groups/${team.id}`)).body.members).toHaveLength(8);
  });

  test("deactivating against activating here: what both said is kept", async () => {
    const made = (await api.scim<Shown>("POST", "/Users", { userName: "contended@example.org" })).body;
    for (let n = 0; n < 5; n++) {
      await Promise.all([
        api.scim("PATCH", `/Users/${made.id}`, patchOp({ op: "replace", value: { active: false } })),
        call(api.app, "PATCH", `/api/v1/users/${made.id}`, { disabled: false }, api.admin),
      ]);
      expect((await user(made.id)).body.disabled).toBe(true);
      await api.scim("PATCH", `/Users/${made.id}`, patchOp({ op: "replace", value: { active: true } }));
    }
  });
});

test("a directory that asks without end is slowed down, and others are not", async () => {
  const eager = await api.directory("eager");
  const statuses = await Promise.all(
    Array.from(
      { length: 900 },
      async () => (await call(api.app, "GET", "/scim/v2/ServiceProviderConfig", undefined, eager)).status,
    ),
  );
  expect(statuses).toContain(429);
  expect((await api.scim("GET", `/Schemas/${userSchema}`)).status).toBe(200);
});
