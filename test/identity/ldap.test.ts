import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bearer, call, setUp, startTestApi, type TestApi, type Tokens } from "../api/support.js";
import { type Slapd, startSlapd } from "../support/slapd.js";
import { createJar } from "./jar.js";
import { selfSigned } from "./self-signed.js";

let api: TestApi;
let slapd: Slapd;
let admin: Record<string, string>;
let certificate: string;
let open: string[] = [];

const person = (uid: string, more = "") => `dn: uid=${uid},ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: ${uid}
mail: ${uid}@example.com
userPassword: password of ${uid}
${more}`;

const people = `dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit
ou: groups

${person("ines")}
${person("jan", "employeeType: left\n")}
${person("kai")}
dn: cn=db team\\, east,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: db team, east
member: uid=ines,ou=people,dc=example,dc=com
member: uid=kai,ou=people,dc=example,dc=com
`;

const settings = (more: object = {}) => ({
  kind: "ldap",
  title: "Corp directory",
  url: slapd.url,
  bindDn: slapd.bindDn,
  userBase: `ou=people,${slapd.base}`,
  userFilter: "(&(objectClass=inetOrgPerson)(!(employeeType=left)))",
  groups: [{ from: "db team, east", to: "engineers" }],
  ...more,
});
const put = (name: string, given: object, secret: string | undefined = slapd.bindPassword) =>
  call(
    api.app,
    "PUT",
    `/api/v1/providers/${name}`,
    { settings: given, ...(secret === undefined ? {} : { secret }) },
    admin,
  );
let from = 0;
const login = async (name: string, password: string, provider = "corp") => {
  const answer = await createJar(api.app, new Map([["x", String(++from)]])).post("/api/v1/login", {
    name,
    password,
    provider,
  });
  return {
    status: answer.status,
    body: answer.body as unknown as Tokens & { detail: string; subject: { name: string; groups: string[] } },
  };
};

/** What was written down of logins that failed. */
const failures = () =>
  api.recorder.entries.flatMap((entry) => (entry.kind === "change" && entry.what === "login.failed" ? [entry] : []));

beforeAll(async () => {
  const made = await selfSigned("directory.example.com");
  certificate = made.certificate;
  slapd = await startSlapd({ people, ...made });
  api = await startTestApi({ openLogins: () => open });
  admin = await setUp(api);
  expect((await put("corp", settings())).status).toBe(200);
});
afterAll(async () => {
  await api?.close();
  await slapd?.close();
});

describe("signing in by a directory", () => {
  it("lets in whom the directory knows by this password, with its groups", async () => {
    const { status, body } = await login("ines", "password of ines");
    expect(status).toBe(200);
    expect(body.subject).toMatchObject({ name: "ines", email: "ines@example.com", groups: ["engineers"] });
    expect((await login("INES", "password of ines")).body.subject).toMatchObject({ name: "ines" });
  });

  it.each([
    ["ines", "wrong"],
    ["ines", "password of kai"],
    ["nobody", "password of ines"],
    ["jan", "password of jan"],
    ["hoop", "hoop reads here"],
  ])("says the same about %s with %j", async (name, password) => {
    const before = failures().length;
    const { status, body } = await login(name, password);
    expect(status).toBe(401);
    expect(body.detail).toBe("the user or the password is wrong");
    expect(failures().slice(before)).toMatchObject([
      { actor: { subject: "", name }, after: { how: "ldap", provider: "corp" } },
    ]);
    expect(JSON.stringify(failures())).not.toContain(JSON.stringify(password));
  });

  it("takes no empty password, which every directory would", async () => {
    expect((await login("ines", "")).status).toBe(400);
    expect((await login("ines", "\0")).status).toBe(401);
    const live = await api.deps.identity.providers!.list.live("corp");
    expect(live.kind === "ldap" && (await live.ldap.check("ines", ""))).toBeNull();
  });

  it.each([
    "*",
    "ines)(uid=*",
    "ine*",
    "*)(objectClass=*",
    "ines)(|(uid=*",
    "\\69nes",
    "ines\0",
    "ines)(mail=*))(|(uid=x",
    "(uid=ines)",
  ])("reads %j as a name and nothing else", async (name) => {
    expect((await login(name, "password of ines")).status).toBe(401);
  });

  it("slows guessing down", async () => {
    const jar = createJar(api.app);
    const statuses = [];
    for (let n = 0; n < 8; n++)
      statuses.push(
        (await jar.post("/api/v1/login", { name: "kai", password: `guess ${n}`, provider: "corp" })).status,
      );
    expect(statuses).toContain(429);
  });

  it("lets nobody in by a password of Hoop's own who comes from the directory", async () => {
    await login("ines", "password of ines");
    await call(api.app, "PATCH", "/api/v1/users/ines", { password: "a password of Hoop's own" }, admin);
    const answer = await createJar(api.app).post("/api/v1/login", {
      name: "ines",
      password: "a password of Hoop's own",
    });
    expect(answer.status).toBe(401);
    expect(answer.body.detail).toMatch(/through your provider/);
    const local = await createJar(api.app).post("/api/v1/login", { name: "ines", password: "password of ines" });
    expect(local.body.detail).toBe("the user or the password is wrong");
  });

  it("finds groups by search as well", async () => {
    const found = { groupsFrom: "search", groupBase: `ou=groups,${slapd.base}` };
    expect((await put("by-search", settings(found))).status).toBe(200);
    expect((await login("kai", "password of kai", "by-search")).body.subject.groups).toEqual(["engineers"]);
  });
});

describe("the way to the directory", () => {
  it("asks by StartTLS and by ldaps, of whom the authority vouches for, and of nobody else", async () => {
    for (const [name, more] of [
      ["start-tls", { startTls: true, ca: certificate }],
      ["ldaps", { url: slapd.ldaps, ca: certificate }],
    ] as const) {
      expect((await put(name, settings(more))).status).toBe(200);
      expect((await call(api.app, "POST", `/api/v1/providers/${name}/test`, {}, admin)).body).toEqual({
        notes: ["the directory answers"],
      });
      const other = await selfSigned("other.example.com");
      await put(name, settings({ ...more, ca: other.certificate }), undefined);
      expect((await login("ines", "password of ines", name)).status).toBe(503);
    }
  });

  it("does not keep settings that show passwords to the network", async () => {
    expect((await put("bad", settings({ url: "ldap://directory.example.com" }))).status).toBe(400);
    expect((await put("bad", settings({ url: "ldap://user:pass@127.0.0.1" }))).status).toBe(400);
  });

  it("says that the directory does not take Hoop itself, as an outage", async () => {
    await put("wrong-bind", settings(), "not the password");
    const { status, body } = await login("ines", "password of ines", "wrong-bind");
    expect(status).toBe(503);
    expect(JSON.stringify(body)).toContain("does not take Hoop's own");
  });
});

describe("asking again", () => {
  const tick = () => api.deps.identity.providers!.refresher.tick();
  async function due(tokens: Tokens): Promise<void> {
    await sql`update provider_sessions set refresh_at = now() - interval '1 second', lease_until = null`.execute(
      api.store.db,
    );
    const { body } = await call<{ items: { id: string; current: boolean }[] }>(
      api.app,
      "GET",
      "/api/v1/me/logins",
      undefined,
      bearer(tokens),
    );
    open = [body.items.find(({ current }) => current)!.id];
  }
  const alive = async (tokens: Tokens) =>
    (await call(api.app, "GET", "/api/v1/me", undefined, bearer(tokens))).status === 200;

  it("takes a group away when the directory does, and ends the login when the person is gone", async () => {
    const { body: tokens } = await login("kai", "password of kai");
    await due(tokens);
    slapd.modify(`dn: cn=db team\\, east,ou=groups,${slapd.base}
changetype: modify
delete: member
member: uid=kai,ou=people,${slapd.base}
`);
    await tick();
    await expect
      .poll(
        async () =>
          (await call<{ groups: string[] }>(api.app, "GET", `/api/v1/users/${tokens.subject.name}`, undefined, admin))
            .body.groups,
      )
      .toEqual([]);
    expect(await alive(tokens)).toBe(true);
    await due(tokens);
    slapd.modify(`dn: uid=kai,ou=people,${slapd.base}
changetype: modify
add: employeeType
employeeType: left
`);
    await tick();
    await expect.poll(() => alive(tokens)).toBe(false);
    const { body } = await call(api.app, "GET", "/api/v1/me", undefined, bearer(tokens));
    expect(body.detail).toContain("Corp directory does not know you any more");
  });

  it("leaves everything as it is while the directory is away, and says so to who signs in anew", async () => {
    const { body: tokens } = await login("ines", "password of ines");
    await due(tokens);
    await slapd.stop();
    await tick();
    expect(await alive(tokens)).toBe(true);
    const { status, body } = await login("ines", "password of ines");
    expect(status).toBe(503);
    expect(body.detail).toBe("Corp directory cannot be asked now");
    await slapd.start();
    await due(tokens);
    await tick();
    expect(await alive(tokens)).toBe(true);
  });
});
