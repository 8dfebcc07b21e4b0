import { createHash } from "node:crypto";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { call, setUp, startTestApi, type TestApi } from "../api/support.js";
import { createJar, type Jar, problemOf } from "./jar.js";
import { type PlainIdp, startPlainIdp } from "./plain-idp.js";

let api: TestApi;
let idp: PlainIdp;
let other: PlainIdp;
let admin: Record<string, string>;
let open: string[] = [];

// One file: a sign-in from its settings to its end, against one provider that lies in every way that it can.
const settings = (provider: PlainIdp, more: object = {}) => ({
  kind: "oidc",
  title: "Okta",
  issuer: provider.issuer,
  clientId: provider.clientId,
  groups: [{ from: "Engineering", to: "engineers" }],
  ...more,
});
const put = (name: string, given: object, secret: string | undefined = "the client's secret") =>
  call(
    api.app,
    "PUT",
    `/api/v1/providers/${name}`,
    { settings: given, ...(secret === undefined ? {} : { secret }) },
    admin,
  );

/** What was written down of logins that failed. */
const failures = () =>
  api.recorder.entries.flatMap((entry) => (entry.kind === "change" && entry.what === "login.failed" ? [entry] : []));

beforeAll(async () => {
  api = await startTestApi({ openLogins: () => open });
  admin = await setUp(api);
  [idp, other] = [await startPlainIdp(), await startPlainIdp()];
  expect((await put("okta", settings(idp))).status).toBe(200);
  expect((await put("evil", settings(other, { title: "Evil" }))).status).toBe(200);
});
afterAll(async () => {
  await api?.close();
  await idp?.close();
  await other?.close();
});
afterEach(() => {
  for (const one of [idp, other])
    Object.assign(one, { claims: {}, sign: null, answer: {}, refresh: "yes", up: true, keysUp: true, userinfo: {} });
  open = [];
});

/** Goes to the provider; what the browser would come back to. */
async function leave(jar: Jar, to = "/sessions", name = "okta", provider = idp): Promise<string> {
  const begun = await jar.get(`/api/v1/login/providers/${name}/start?${new URLSearchParams({ to })}`);
  expect(begun.status, begun.text).toBe(303);
  expect(begun.location.startsWith(`${provider.issuer}/auth?`)).toBe(true);
  return provider.visit(begun.location);
}

async function signInAs(claims: JWTPayload = {}): Promise<Jar> {
  idp.claims = claims;
  const jar = createJar(api.app);
  const answer = await jar.get(await leave(jar));
  expect(answer.location, jar.cookies.has("hoop-step") ? await problemOf(jar) : "").toBe("/sessions");
  idp.claims = {};
  return jar;
}
const meOf = async (jar: Jar) =>
  (await jar.get("/api/v1/me")).body as { subject: { name: string; groups: string[]; id: string } };

describe("signing in", () => {
  it("asks for a code with PKCE, state and nonce, and lets in whom the provider vouches for", async () => {
    const jar = createJar(api.app);
    const begun = await jar.get("/api/v1/login/providers/okta/start?to=/sessions");
    const asked = new URL(begun.location).searchParams;
    expect(asked.get("response_type")).toBe("code");
    expect(asked.get("code_challenge_method")).toBe("S256");
    expect(asked.get("state")).toMatch(/^[\w-]{43}$/);
    expect(asked.get("nonce")).toMatch(/^[\w-]{43}$/);
    const cookie = begun.cookies[0]!;
    expect(cookie).toMatchObject({ name: "hoop-signin", httpOnly: true, sameSite: "Lax", path: "/" });
    const answer = await jar.get(idp.visit(begun.location));
    expect(answer).toMatchObject({ status: 303, location: "/sessions" });
    expect(jar.cookies.has("hoop-signin")).toBe(false);
    const me = await meOf(jar);
    expect(me.subject).toMatchObject({ name: "grace", groups: ["engineers"] });
    const made = api.recorder.entries.find((entry) => "what" in entry && entry.what === "user.provisioned");
    expect(made).toMatchObject({ target: "grace", after: { provider: "okta", groups: ["engineers"] } });
  });

  it("keeps nothing in the store with which a code could be redeemed", async () => {
    const jar = createJar(api.app);
    const begun = await jar.get("/api/v1/login/providers/okta/start");
    const verifier = new URL(begun.location).searchParams.get("code_challenge");
    const held = jar.cookies.get("hoop-signin")!;
    const { rows } = await (await import("kysely")).sql<
      Record<string, unknown>
    >`select * from sign_in_attempts`.execute(api.store.db);
    const dump = JSON.stringify(rows);
    expect(rows.length).toBeGreaterThan(0);
    expect(dump).not.toContain(held);
    expect(dump).not.toContain(verifier!);
    expect(dump).not.toContain(createHash("sha256").update(held).digest("base64url").slice(0, 20));
  });

  it("knows a person again by the provider's subject, whatever their address and name are then", async () => {
    const first = await meOf(
      await signInAs({ sub: "person-7", preferred_username: "henry", email: "henry@example.com" }),
    );
    const again = await meOf(
      await signInAs({ sub: "person-7", preferred_username: "renamed", email: "new@example.com" }),
    );
    expect(again.subject).toMatchObject({ id: first.subject.id, name: "henry" });
    const list = await call<{ items: { email: string; name: string }[] }>(
      api.app,
      "GET",
      "/api/v1/users",
      undefined,
      admin,
    );
    expect(list.body.items.find(({ name }) => name === "henry")?.email).toBe("new@example.com");
  });

  it("never takes somebody for a user who is there already, by name or by address", async () => {
    const me = await meOf(await signInAs({ sub: "not-ada", preferred_username: "ada", email: "grace@example.com" }));
    expect(me.subject.name).toMatch(/^ada-[0-9a-f]{8}$/);
    const grace = await meOf(await signInAs({ sub: "not-grace", preferred_username: "admin", email: "x@example.com" }));
    expect(grace.subject.name).not.toBe("admin");
  });

  it("gives and takes groups as the provider says, and leaves alone what was given here", async () => {
    await signInAs({ sub: "person-8", preferred_username: "ida" });
    await call(api.app, "POST", "/api/v1/groups", { name: "night-shift", description: "" }, admin);
    const change = await call(api.app, "PATCH", "/api/v1/users/ida", { groups: ["engineers", "night-shift"] }, admin);
    expect(change.status).toBe(200);
    const me = await meOf(await signInAs({ sub: "person-8", groups: [] }));
    expect(me.subject.groups).toEqual(["night-shift"]);
  });

  it("refuses whom the settings do not mean", async () => {
    await put("okta", settings(idp, { require: [{ claim: "hd", anyOf: ["example.com"] }] }), undefined);
    const jar = createJar(api.app);
    idp.claims = { hd: "elsewhere.com" };
    expect((await jar.get(await leave(jar))).location).toBe("/login?step=1");
    expect(await problemOf(jar)).toMatch(/hd is not as your admin asks for/);
    await put("okta", settings(idp), undefined);
  });
});

describe("what a hostile browser, site or provider may try", () => {
  const refused = async (path: (jar: Jar) => Promise<string>): Promise<string> => {
    const jar = createJar(api.app);
    const answer = await jar.get(await path(jar));
    expect(answer.location).toBe("/login?step=1");
    expect(jar.cookies.has("hoop")).toBe(false);
    expect((await jar.get("/api/v1/me")).status).toBe(401);
    return problemOf(jar);
  };

  it.each([
    ["//evil.example", "/"],
    ["https://evil.example/", "/"],
    ["/\\evil.example", "/"],
    ["/\t/evil.example", "/"],
    ["/..//evil.example/x", "/"],
    ["javascript:alert(1)", "/"],
    ["/reviews/1?x=2#y", "/reviews/1?x=2"],
  ])("does not send on to %j", async (to, expected) => {
    const jar = createJar(api.app);
    expect((await jar.get(await leave(jar, to))).location).toBe(expected);
  });

  it("does not finish for another browser: a link to an attacker's own sign-in logs nobody in", async () => {
    const attacker = createJar(api.app);
    const link = await leave(attacker);
    expect(await refused(async () => link)).toMatch(/another browser/);
    // And the browser of somebody who is in the middle of a sign-in of their own does not, either.
    const victim = createJar(api.app);
    await leave(victim);
    expect((await victim.get(await leave(attacker))).location).toBe("/login?step=1");
    expect(victim.cookies.has("hoop")).toBe(false);
  });

  it("takes an answer once", async () => {
    const jar = createJar(api.app);
    const back = await leave(jar);
    const held = jar.cookies.get("hoop-signin")!;
    expect((await jar.get(back)).location).toBe("/sessions");
    const before = failures().length;
    const replay = createJar(api.app, new Map([["hoop-signin", held]]));
    expect((await replay.get(back)).location).toBe("/login?step=1");
    expect(await problemOf(replay)).toMatch(/is over/);
    // Nobody tried to come in: whoever makes up answers does not fill the audit.
    expect(failures().length).toBe(before);
  });

  it("gives a new cookie for the login: one that was there before is worth nothing", async () => {
    const fixed = "hoop_bs_".padEnd(51, "x");
    const jar = createJar(api.app, new Map([["hoop", fixed]]));
    await jar.get(await leave(jar));
    expect(jar.cookies.get("hoop")).not.toBe(fixed);
    expect((await createJar(api.app, new Map([["hoop", fixed]])).get("/api/v1/me")).status).toBe(401);
  });

  it.each<[string, JWTPayload]>([
    ["for another program", { aud: "somebody-else" }],
    ["for several, and by nobody named", { aud: ["hoop", "somebody-else"] }],
    ["for several, and by another", { aud: ["hoop", "somebody-else"], azp: "somebody-else" }],
    ["for Hoop, and by another", { azp: "somebody-else" }],
    ["of another provider", { iss: "https://issuer.example" }],
    ["with another nonce", { nonce: "another" }],
    ["without a nonce", { nonce: null as never }],
    ["that has expired", { exp: Math.floor(Date.now() / 1_000) - 600 }],
    ["without an end", { exp: null as never }],
    ["of nobody", { sub: "" }],
  ])("does not take an ID token %s", async (_what, claims) => {
    idp.claims = claims;
    expect(await refused((jar) => leave(jar))).toMatch(/does not hold|for another program|who you are/);
  });

  it("takes no ID token that is unsigned, or signed with what is no secret", async () => {
    idp.sign = async (claims) => new UnsecuredJWT(claims).encode();
    expect(await refused((jar) => leave(jar))).toMatch(/does not hold/);
    // HS256 with the client's secret, and with the public key as if it were a secret.
    for (const secret of [idp.secret, JSON.stringify(await idp.publicKey())]) {
      idp.sign = (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: "HS256", kid: idp.key().kid })
          .sign(new TextEncoder().encode(secret));
      expect(await refused((jar) => leave(jar))).toMatch(/does not hold/);
    }
    // Another's key, under the right name, and one that the token itself brings.
    const pair = await generateKeyPair("RS256", { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    idp.sign = (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: idp.key().kid, jwk }).sign(pair.privateKey);
    expect(await refused((jar) => leave(jar))).toMatch(/does not hold/);
  });

  it("is not mixed up by a second provider", async () => {
    // The evil one answers for the honest one: each has its own address, and its own sign-ins.
    expect(
      await refused(async (jar) => (await leave(jar, "/", "evil", other)).replace("/evil/callback", "/okta/callback")),
    ).toMatch(/is over/);
    // The evil one sends the browser to the honest one's page, and names itself: RFC 9207.
    idp.answer = { iss: other.issuer };
    expect(await refused((jar) => leave(jar))).toMatch(/does not hold/);
    idp.answer = { iss: null };
    expect(await refused((jar) => leave(jar))).toMatch(/does not hold/);
    // Its ID token, though it is signed as it should be, is none of the other's.
    idp.answer = {};
    idp.sign = (claims) =>
      new SignJWT({ ...claims, iss: other.issuer })
        .setProtectedHeader({ alg: "RS256", kid: other.key().kid })
        .sign(other.key().privateKey);
    expect(await refused((jar) => leave(jar))).toMatch(/does not hold/);
  });

  it("writes nobody's words onto the sign-in page but its own", async () => {
    const jar = createJar(api.app);
    const begun = await jar.get("/api/v1/login/providers/okta/start");
    const state = new URL(begun.location).searchParams.get("state")!;
    const error = "access_denied&error_description=Call+0900+now&error_uri=https://evil.example";
    const answer = await jar.get(
      `/api/v1/login/providers/okta/callback?iss=${encodeURIComponent(idp.issuer)}&state=${state}&error=${error}`,
    );
    expect(answer.location).toBe("/login?step=1");
    expect(await problemOf(jar)).toBe("Okta refuses (access_denied): sign in there again");
    expect(failures().at(-1)).toMatchObject({ actor: { subject: "" }, after: { how: "oidc", provider: "okta" } });
  });

  it("maps nothing to admins that was not meant so", async () => {
    const literal = await put("okta", settings(idp, { groups: [{ from: "x", to: "admins" }] }), undefined);
    expect(literal.status).toBe(400);
    const usual = await put("okta", settings(idp, { defaultGroups: ["auditors"] }), undefined);
    expect(usual.status).toBe(400);
    await put("okta", settings(idp, { groups: [{ from: "hoop-*", to: "*" }], allowPrivileged: true }), undefined);
    // A group that somebody bound a role to is no less: a pattern does not give it, a rule by name does.
    await call(api.app, "POST", "/api/v1/groups", { name: "platform", description: "" }, admin);
    const { sql } = await import("kysely");
    await sql`insert into role_bindings (id, role, group_name, created_by) values (gen_random_uuid(), 'auditor', 'platform', 'test')`.execute(
      api.store.db,
    );
    const me = await meOf(
      await signInAs({ sub: "person-9", groups: ["hoop-admins", "hoop-platform", "hoop-engineers"] }),
    );
    expect(me.subject.groups).toEqual(["engineers"]);
    await put("okta", settings(idp, { groups: [{ from: "hoop-platform", to: "platform" }] }), undefined);
    const named = await meOf(await signInAs({ sub: "person-9", groups: ["hoop-platform"] }));
    expect(named.subject.groups).toEqual(["platform"]);
    await put("okta", settings(idp, { groups: [{ from: "Chiefs", to: "admins" }], allowPrivileged: true }), undefined);
    const chief = await meOf(await signInAs({ sub: "person-10", groups: ["Chiefs"] }));
    expect(chief.subject.groups).toEqual(["admins"]);
    await put("okta", settings(idp), undefined);
  });

  it.each([
    ["plain http off this machine", { issuer: "http://idp.example.com" }],
    ["a parameter that is Hoop's own", { parameters: { redirect_uri: "https://evil.example" } }],
    ["an address with a password", { issuer: "https://a:b@idp.example.com" }],
    ["no openid", { scopes: ["profile"] }],
  ])("does not keep settings with %s", async (_what, more) => {
    expect((await put("bad", settings(idp, more))).status).toBe(400);
  });

  it.each(["https://169.254.169.254/", "https://[fd00:ec2::254]/", "https://100.100.100.200"])(
    "does not ask %s for anything",
    async (issuer) => {
      expect((await put("cloud", settings(idp, { issuer }))).status).toBe(200);
      const jar = createJar(api.app);
      expect((await jar.get("/api/v1/login/providers/cloud/start")).location).toBe("/login?step=1");
      expect(await problemOf(jar)).toMatch(/where no provider is/);
      await call(api.app, "DELETE", "/api/v1/providers/cloud", undefined, admin);
    },
  );

  it("sends no browser to a page that is not as safe as the provider", async () => {
    for (const page of ["javascript:alert(1)", "ftp://evil.example/"]) {
      other.metadata = { authorization_endpoint: page };
      expect((await call(api.app, "POST", "/api/v1/providers/evil/test", {}, admin)).status).toBe(403);
    }
    other.metadata = {};
  });

  it("does not let a provider become another one under its people", async () => {
    expect((await put("okta", settings(other), undefined)).status).toBe(409);
  });

  it("never shows the secret again", async () => {
    const { body } = await call<object>(api.app, "GET", "/api/v1/providers", undefined, admin);
    expect(JSON.stringify(body)).toContain('"hasSecret":true');
    expect(JSON.stringify(body)).not.toContain("client's secret");
    expect(JSON.stringify(api.recorder.entries)).not.toContain("client's secret");
  });
});

describe("keys and outages", () => {
  it("goes on after the provider's keys were rotated", async () => {
    await signInAs();
    await idp.rotate();
    await signInAs();
    await idp.rotate();
    await signInAs();
  });

  it("says clearly that the provider is away, and leaves who is signed in alone", async () => {
    const jar = await signInAs();
    idp.up = false;
    const late = createJar(api.app);
    const begun = await late.get("/api/v1/login/providers/okta/start");
    // What it says of itself is known for a while; its sign-in page is the browser's to reach.
    const back = idp.visit(begun.location);
    expect((await late.get(back)).location).toBe("/login?step=1");
    expect(await problemOf(late)).toMatch(/Okta cannot be asked now/);
    expect((await jar.get("/api/v1/me")).status).toBe(200);
  });

  it("signs nobody in whose token cannot be checked", async () => {
    await idp.rotate();
    idp.keysUp = false;
    const jar = createJar(api.app);
    expect((await jar.get(await leave(jar))).location).toBe("/login?step=1");
    expect(await problemOf(jar)).toMatch(/cannot be asked now|does not hold/);
  });
});

describe("asking again", () => {
  /** Sessions that are due now, with something open. */
  async function due(jar: Jar): Promise<string> {
    const { sql } = await import("kysely");
    await sql`update provider_sessions set refresh_at = now() - interval '1 second', lease_until = null`.execute(
      api.store.db,
    );
    const { body } = await jar.get("/api/v1/me/logins");
    const login = (body.items as { id: string; current: boolean }[]).find(({ current }) => current)!.id;
    open = [login];
    return login;
  }
  const tick = () => api.deps.identity.providers!.refresher.tick();

  it("asks only about who has something open, and not before it is time", async () => {
    const jar = await signInAs();
    idp.requests.length = 0;
    await tick();
    expect(idp.requests).toEqual([]);
    await due(jar);
    open = [];
    await tick();
    expect(idp.requests).toEqual([]);
    await due(jar);
    await tick();
    expect(idp.requests).toContain("/token");
    idp.requests.length = 0;
    await tick();
    expect(idp.requests).toEqual([]);
    expect((await jar.get("/api/v1/me")).status).toBe(200);
  });

  it("takes a group away when the provider says so, and tells whoever watches", async () => {
    const jar = await signInAs({ sub: "person-20", preferred_username: "jo" });
    await due(jar);
    idp.claims = { sub: "person-20", groups: [] };
    const told: (readonly string[] | undefined)[] = [];
    const stop = api.deps.identity.authenticator.watch((_id, subject) => told.push(subject?.groups));
    await tick();
    await expect.poll(() => told.at(-1)).toEqual([]);
    stop();
  });

  it("ends the login when the provider refuses, and says why", async () => {
    const jar = await signInAs({ sub: "person-21", preferred_username: "kim" });
    const login = await due(jar);
    const why: string[] = [];
    const stop = api.deps.identity.authenticator.watch((_id, _subject, ended, reasons) => {
      if (ended.includes(login)) why.push(reasons.get(login) ?? "");
    });
    idp.refresh = "refused";
    await tick();
    await expect.poll(() => why).toEqual(["Okta lets you in no more: Okta refuses (invalid_grant)"]);
    stop();
    const me = await jar.get("/api/v1/me");
    expect(me.status).toBe(401);
    expect(me.body.detail).toContain("Okta refuses (invalid_grant)");
  });

  it.each(["broken", "away"])("leaves everything as it is while the provider is %s", async (how) => {
    const jar = await signInAs({ sub: `person-${how}` });
    await due(jar);
    if (how === "away") idp.up = false;
    else idp.refresh = "broken";
    await tick();
    expect((await jar.get("/api/v1/me")).status).toBe(200);
  });

  it("does not believe an answer about somebody else", async () => {
    const jar = await signInAs({ sub: "person-22" });
    await due(jar);
    idp.claims = { sub: "person-23" };
    await tick();
    // Replicas hear of an ended login from the store, the one that ended it among them.
    await expect.poll(async () => (await jar.get("/api/v1/me")).status).toBe(401);
  });

  it("asks once, whatever many replicas are due for", async () => {
    const jar = await signInAs({ sub: "person-24" });
    const second = await api.open("00000000-0000-4000-8000-000000000002");
    await due(jar);
    idp.claims = { sub: "person-24" };
    idp.requests.length = 0;
    await Promise.all([tick(), second.deps.identity.providers!.refresher.tick()]);
    expect(idp.requests.filter((path) => path === "/token")).toHaveLength(1);
    await second.close();
  });

  it("asks before a program's login is renewed, and refuses with the provider's word", async () => {
    const jar = await signInAs({ sub: "person-25", preferred_username: "lee" });
    const started = await call<{ device_code: string; user_code: string }>(api.app, "POST", "/api/v1/login/device", {});
    const csrf = {
      "x-csrf-token": String((await jar.get("/api/v1/me")).body.csrfToken),
      origin: "http://127.0.0.1:7480",
    };
    const approved = await jar.post(`/api/v1/login/device/${started.body.user_code}`, { answer: "approved" }, csrf);
    expect(approved.status).toBe(200);
    const poll = await call<{ refreshToken: string }>(api.app, "POST", "/api/v1/login/token", {
      deviceCode: started.body.device_code,
    });
    expect(poll.status).toBe(200);
    await due(jar);
    idp.refresh = "refused";
    const renewal = await call(api.app, "POST", "/api/v1/login/token", { refreshToken: poll.body.refreshToken });
    expect(renewal.status).toBe(401);
    expect(renewal.body.detail).toContain("Okta lets you in no more");
  });
});

describe("back-channel logout", () => {
  const logout = (token: string, name = "okta") =>
    createJar(api.app).post(`/api/v1/login/providers/${name}/backchannel-logout`, `logout_token=${token}`, {
      "content-type": "application/x-www-form-urlencoded",
    });

  it("ends the session that it names, and the programs that it let in", async () => {
    const jar = await signInAs({ sub: "person-30", sid: "sid-30" });
    const elsewhere = await signInAs({ sub: "person-30", sid: "sid-31" });
    const answer = await logout(await idp.logoutToken({ sub: "person-30", sid: "sid-30" }));
    expect(answer.body).toEqual({ ended: 1 });
    await expect.poll(async () => (await jar.get("/api/v1/me")).status).toBe(401);
    expect((await elsewhere.get("/api/v1/me")).status).toBe(200);
    expect((await logout(await idp.logoutToken({ sub: "person-30" }))).body).toEqual({ ended: 1 });
    await expect.poll(async () => (await elsewhere.get("/api/v1/me")).status).toBe(401);
  });

  it.each<[string, JWTPayload, Record<string, unknown>]>([
    ["is an ID token", { events: null as never, nonce: "n" }, { typ: "JWT" }],
    ["has a nonce", { nonce: "n" }, {}],
    ["says no event", { events: {} }, {}],
    ["is for another program", { aud: "other" }, {}],
    ["is of another provider", { iss: "https://other.example" }, {}],
    ["has no id", { jti: null as never }, {}],
    ["names nobody", { sub: null as never }, {}],
    ["is old", { iat: 1_700_000_000, exp: null as never }, {}],
    ["has expired", { exp: 1_700_000_000 }, {}],
    ["does not say that it is one", {}, { typ: "JWT" }],
  ])("takes no token that %s", async (_what, claims, header) => {
    const jar = await signInAs();
    const answer = await logout(await idp.logoutToken(claims, header));
    expect(answer.status).toBe(400);
    expect(answer.body.error).toBe("invalid_request");
    expect((await jar.get("/api/v1/me")).status).toBe(200);
  });

  it("takes a token once, at its own provider, and none that is signed otherwise", async () => {
    const jar = await signInAs();
    const token = await idp.logoutToken({ sub: "nobody" });
    expect((await logout(token)).status).toBe(200);
    expect((await logout(token)).status).toBe(400);
    expect((await logout(await idp.logoutToken(), "evil")).status).toBe(400);
    const body = {
      ...idp.rightClaims(),
      events: { "http://schemas.openid.net/event/backchannel-logout": {} },
      jti: "x",
    };
    const forged = await new SignJWT(body)
      .setProtectedHeader({ alg: "HS256", typ: "logout+jwt" })
      .sign(new TextEncoder().encode(idp.secret));
    expect((await logout(forged)).status).toBe(400);
    expect((await logout(`${new UnsecuredJWT(body).encode()}`)).status).toBe(400);
    expect((await jar.get("/api/v1/me")).status).toBe(200);
  });
});
