import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../api/factor-people.js";
import { bearer, call, password, setUp, signIn, startTestApi, type TestApi } from "../api/support.js";
import { createJar, type Jar, problemOf } from "./jar.js";
import { type PlainIdp, startPlainIdp } from "./plain-idp.js";

const origin = "http://127.0.0.1:7480";
let idp: PlainIdp;
beforeAll(async () => {
  idp = await startPlainIdp();
});
afterAll(() => idp?.close());
afterEach(() => {
  Object.assign(idp, { claims: {}, refresh: "yes" });
});

const settings = (more: object = {}) => ({
  kind: "oidc",
  title: "Okta",
  issuer: idp.issuer,
  clientId: idp.clientId,
  groups: [{ from: "Engineering", to: "engineers" }],
  ...more,
});

async function come(
  api: TestApi,
  claims: object = {},
  name = "okta",
): Promise<{ readonly jar: Jar; readonly location: string }> {
  Object.assign(idp, { claims });
  const jar = createJar(api.app);
  const begun = await jar.get(`/api/v1/login/providers/${name}/start?to=/sessions`);
  expect(begun.status, begun.text).toBe(303);
  const { location } = await jar.get(idp.visit(begun.location));
  return { jar, location };
}
const groupsOf = async (jar: Jar) =>
  ((await jar.get("/api/v1/me")).body.subject as { groups: string[] } | undefined)?.groups;

describe("the first admin", () => {
  it.each([
    ["okta:group:Hoop Admins", { groups: ["Hoop Admins"] }, { groups: ["hoop admins"] }],
    ["okta:email:Ada@example.com", { email: "ada@example.com" }, { email: "ada@example.com", email_verified: false }],
    ["okta:subject:00u1", { sub: "00u1" }, { sub: "00u2" }],
  ])("is whom the rule %s names, not who comes first, and nobody after", async (rule, right, wrong) => {
    const { adminRuleFrom } = await import("../../src/identity/index.js");
    const fixed = [{ name: "okta", settings: settings(), secret: idp.secret }];
    const api = await startTestApi({ fixed, adminRule: adminRuleFrom(rule) });
    try {
      expect(await api.deps.identity.setup.offer()).toBeNull();
      expect((await call(api.app, "GET", "/api/v1/setup")).body).toEqual({ needed: false });
      expect(
        (await call(api.app, "POST", "/api/v1/setup", { token: "hoop_setup_x", name: "eve", password })).status,
      ).toBe(409);
      const first = await come(api, { sub: "first", ...wrong });
      expect(await groupsOf(first.jar)).not.toContain("admins");
      const admin = await come(api, { sub: "the-admin", ...right });
      expect(await groupsOf(admin.jar)).toEqual(["admins", "auditors", "engineers"]);
      const late = await come(api, { ...right, sub: rule.includes("subject") ? "00u1" : "late" });
      if (!rule.includes("subject")) expect(await groupsOf(late.jar)).not.toContain("admins");
    } finally {
      await api.close();
    }
  });
});

describe("people from a provider", () => {
  let api: TestApi;
  let admin: Record<string, string>;
  beforeAll(async () => {
    api = await startTestApi({ breakGlass: ["glass"] });
    admin = await setUp(api);
    const { status } = await call(
      api.app,
      "PUT",
      "/api/v1/providers/okta",
      { settings: settings(), secret: idp.secret },
      admin,
    );
    expect(status).toBe(200);
  });
  afterAll(() => api?.close());
  const put = (more: object) => call(api.app, "PUT", "/api/v1/providers/okta", { settings: settings(more) }, admin);

  it("are asked for the second factor that they have here, and what comes of it ends with the provider's session", async () => {
    const first = await come(api, { sub: "two", preferred_username: "tove", sid: "sid-two" });
    const csrf = { "x-csrf-token": String((await first.jar.get("/api/v1/me")).body.csrfToken), origin };
    const offer = await first.jar.post("/api/v1/me/factors/totp", {}, csrf);
    const { id, secret } = offer.body as { id: string; secret: string };
    expect(offer.status, offer.text).toBe(200);
    const confirmed = await first.jar.post(`/api/v1/me/factors/totp/${id}`, { code: await codeOf(secret, -1) }, csrf);
    expect(confirmed.status, confirmed.text).toBeLessThan(300);

    const { jar, location } = await come(api, { sub: "two", sid: "sid-three" });
    expect(location).toBe("/login?to=%2Fsessions&step=1");
    expect(jar.cookies.has("hoop")).toBe(false);
    // The name of what waits is in no address, and told once, to this browser.
    expect((await createJar(api.app).post("/api/v1/login/continue", {})).body).toEqual({ step: null, problem: null });
    const { body } = await jar.post("/api/v1/login/continue", {});
    const step = body.step as { state: string; pending: string; methods: string[] };
    expect(step).toMatchObject({ state: "factor", methods: expect.arrayContaining(["totp"]) });
    expect((await jar.post("/api/v1/login/continue", {})).body.step).toBeNull();
    const next = await codeOf(secret);
    const done = await jar.post("/api/v1/login/factor", { pending: step.pending, answer: { code: next } });
    expect(done.status, done.text).toBe(200);
    expect((await jar.get("/api/v1/me")).status).toBe(200);
    const token = await idp.logoutToken({ sub: "two", sid: "sid-three" });
    await jar.post("/api/v1/login/providers/okta/backchannel-logout", `logout_token=${token}`, {
      "content-type": "application/x-www-form-urlencoded",
    });
    await expect.poll(async () => (await jar.get("/api/v1/me")).status).toBe(401);
  });

  it("are asked for none where the provider says by rule that it asked for one; an empty rule believes nothing", async () => {
    const without = await come(api, { sub: "two", amr: ["pwd", "mfa"], acr: "urn:mfa" });
    expect(without.location).toContain("step=1");
    await put({ factor: { amr: ["mfa"], acr: [] } });
    expect((await come(api, { sub: "two", amr: ["pwd"] })).location).toContain("step=1");
    expect((await come(api, { sub: "two", amr: ["pwd", "mfa"] })).location).toBe("/sessions");
    await put({ factor: { amr: [], acr: ["urn:mfa"] } });
    expect((await come(api, { sub: "two", acr: "urn:mfa" })).location).toBe("/sessions");
    await put({});
  });

  it("are let in only when they are linked, where nobody is to be made", async () => {
    await put({ provision: false });
    const stranger = await come(api, { sub: "unknown" });
    expect(stranger.location).toBe("/login?step=1");
    expect(await problemOf(stranger.jar)).toMatch(/not known here/);
    await call(api.app, "POST", "/api/v1/users", { name: "lena", groups: ["engineers"], password }, admin);
    const link = await call(
      api.app,
      "PUT",
      "/api/v1/providers/okta/links",
      { externalId: "00lena", user: "lena" },
      admin,
    );
    expect(link.status).toBe(204);
    expect(
      (await call(api.app, "PUT", "/api/v1/providers/okta/links", { externalId: "00lena", user: "ada" }, admin)).status,
    ).toBe(409);
    const { jar } = await come(api, { sub: "00lena" });
    expect((await jar.get("/api/v1/me")).body).toMatchObject({ subject: { name: "lena" } });
    // From then on the provider alone lets her in.
    const local = await call(api.app, "POST", "/api/v1/login", { name: "lena", password });
    expect(local.status).toBe(401);
    expect(local.body.detail).toMatch(/through your provider/);
    await call(api.app, "DELETE", "/api/v1/providers/okta/links?externalId=00lena", undefined, admin);
    await expect.poll(async () => (await jar.get("/api/v1/me")).status).toBe(401);
    expect((await come(api, { sub: "00lena" })).location).toBe("/login?step=1");
    await put({});
  });

  it("who only reads, or may less, links and sets nothing up", async () => {
    await call(api.app, "POST", "/api/v1/users", { name: "erin", groups: ["engineers"], password }, admin);
    await call(api.app, "POST", "/api/v1/users", { name: "audrey", groups: ["auditors"], password }, admin);
    for (const name of ["erin", "audrey"]) {
      const who = bearer(await signIn(api.app, name));
      expect((await call(api.app, "PUT", "/api/v1/providers/okta", { settings: settings() }, who)).status).toBe(403);
      expect(
        (await call(api.app, "PUT", "/api/v1/providers/okta/links", { externalId: "x", user: "ada" }, who)).status,
      ).toBe(403);
      expect((await call(api.app, "GET", "/api/v1/providers", undefined, who)).status).toBe(
        name === "audrey" ? 200 : 403,
      );
    }
  });

  it("are not let in while they are disabled, and lose what is open at once", async () => {
    const { jar } = await come(api, { sub: "off", preferred_username: "otto" });
    await call(api.app, "PATCH", "/api/v1/users/otto", { disabled: true }, admin);
    await expect.poll(async () => (await jar.get("/api/v1/me")).status).toBe(401);
    const again = await come(api, { sub: "off" });
    expect(again.location).toBe("/login?step=1");
    expect(await problemOf(again.jar)).toMatch(/this user is disabled/);
  });

  it("stay signed in no longer than their provider's settings say", async () => {
    await put({ reauthenticateHours: 1 });
    const { jar } = await come(api, { sub: "short" });
    const expires = Date.parse(String((await jar.get("/api/v1/me")).body.expires));
    expect(expires - Date.now()).toBeLessThanOrEqual(3_600_000);
    await put({});
  });

  it("are out, all of them, when their provider is switched off or removed", async () => {
    const { jar } = await come(api, { sub: "many" });
    await put({ enabled: false });
    await expect.poll(async () => (await jar.get("/api/v1/me")).status).toBe(401);
    expect((await jar.get("/api/v1/login/providers")).body.items).toEqual([]);
    const late = createJar(api.app);
    expect((await late.get("/api/v1/login/providers/okta/start")).location).toBe("/login?step=1");
    await put({});
  });
});

describe("without passwords of Hoop's own", () => {
  it("lets nobody in by one but those who are named for emergencies, and reads the same to who guesses", async () => {
    const fixed = [{ name: "okta", settings: settings(), secret: idp.secret }];
    const api = await startTestApi({ fixed, localSignIn: "off", breakGlass: ["ada"] });
    try {
      const admin = await setUp(api);
      await call(api.app, "POST", "/api/v1/users", { name: "erin", groups: ["engineers"], password }, admin);
      expect((await call(api.app, "POST", "/api/v1/login", { name: "erin", password })).status).toBe(401);
      for (const name of ["erin", "nobody", "ada"]) {
        const { body } = await call(api.app, "POST", "/api/v1/login", { name, password: "a wrong password" });
        expect(body.detail).toBe("the user or the password is wrong");
      }
      expect(
        (await call<{ localPasswords: boolean }>(api.app, "GET", "/api/v1/login/providers")).body.localPasswords,
      ).toBe(false);
      // What the configuration brings is changed there.
      const change = await call(api.app, "PUT", "/api/v1/providers/okta", { settings: settings() }, admin);
      expect(change.status).toBe(409);
      expect((await call(api.app, "DELETE", "/api/v1/providers/okta", undefined, admin)).status).toBe(409);
    } finally {
      await api.close();
    }
  });
});
