import { createHmac } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import * as samlify from "samlify";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { call, setUp, startTestApi, type TestApi } from "../api/support.js";
import { createJar, type Jar, problemOf } from "./jar.js";
import { selfSigned } from "./self-signed.js";

const base = "http://127.0.0.1:7480";
const acs = `${base}/api/v1/login/providers/corp/acs`;
const spId = `${base}/api/v1/login/providers/corp/metadata`;
const idpId = "https://idp.example.com/saml";

let api: TestApi;
let admin: Record<string, string>;
let keys: Awaited<ReturnType<typeof selfSigned>>;
let stranger: Awaited<ReturnType<typeof selfSigned>>;
let idp: ReturnType<typeof samlify.IdentityProvider>;
let sp: ReturnType<typeof samlify.ServiceProvider>;

/** One assertion, unsigned: `{…}` are filled in. */
const template = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{ID}" Version="2.0" IssueInstant="{Now}" Destination="{Recipient}" InResponseTo="{InResponseTo}"><saml:Issuer>{Issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="{AssertionID}" Version="2.0" IssueInstant="{Now}"><saml:Issuer>{Issuer}</saml:Issuer><saml:Subject><saml:NameID Format="{Format}">{NameID}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{Until}" Recipient="{Recipient}" InResponseTo="{InResponseTo}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{From}" NotOnOrAfter="{Until}"><saml:AudienceRestriction><saml:Audience>{Audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{Now}" SessionIndex="{AssertionID}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>{Email}</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups"><saml:AttributeValue>Engineering</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>`;

let n = 0;
function fill(request: string, more: Record<string, string> = {}): string {
  const iso = (ms: number) => new Date(Date.now() + ms).toISOString();
  const values: Record<string, string> = {
    ID: `_r${++n}`,
    AssertionID: `_a${n}-${Date.now()}`,
    Now: iso(0),
    From: iso(-60_000),
    Until: iso(300_000),
    Issuer: idpId,
    Recipient: acs,
    Audience: spId,
    InResponseTo: request,
    NameID: "grace@example.com",
    Format: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    Email: "grace@example.com",
    ...more,
  };
  return template.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => values[name] ?? "");
}

/** Signs what the selector finds, as samlify does for its users. */
function sign(xml: string, what: "Assertion" | "Response" = "Assertion", by = keys, algorithm?: string): string {
  return Buffer.from(
    samlify.SamlLib.constructSAMLSignature({
      ...(what === "Response" ? { isMessageSigned: true } : { referenceTagXPath: "//*[local-name(.)='Assertion']" }),
      rawSamlMessage: xml,
      privateKey: by.key,
      signingCert: by.certificate.replaceAll(/-----[^-]+-----|\s/g, ""),
      signatureAlgorithm: algorithm ?? "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
      isBase64Output: false,
      signatureConfig: {
        prefix: "ds",
        location: { reference: `//*[local-name(.)='${what}']/*[local-name(.)='Issuer']`, action: "after" },
      },
    } as Parameters<typeof samlify.SamlLib.constructSAMLSignature>[0]),
  ).toString();
}

/** What was written down of logins that failed. */
const failures = () =>
  api.recorder.entries.flatMap((entry) => (entry.kind === "change" && entry.what === "login.failed" ? [entry] : []));

beforeAll(async () => {
  samlify.setSchemaValidator({ validate: async () => "not needed: the messages are ours" });
  api = await startTestApi();
  admin = await setUp(api);
  [keys, stranger] = [await selfSigned("idp.example.com"), await selfSigned("stranger.example.com")];
  idp = samlify.IdentityProvider({
    entityID: idpId,
    signingCert: keys.certificate,
    privateKey: keys.key,
    isAssertionEncrypted: false,
    nameIDFormat: ["urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"],
    singleSignOnService: [
      { Binding: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect", Location: "https://idp.example.com/sso" },
    ],
    loginResponseTemplate: { context: samlify.SamlLib.defaultLoginResponseTemplate.context, attributes: [] },
  });
  const read = await call<{ entityId: string; signInUrl: string; certificates: string[] }>(
    api.app,
    "POST",
    "/api/v1/providers/saml-metadata",
    { xml: idp.getMetadata() },
    admin,
  );
  expect(read.body).toMatchObject({ entityId: idpId, signInUrl: "https://idp.example.com/sso" });
  const settings = { kind: "saml", title: "Corp", ...read.body, groups: [{ from: "Engineering", to: "engineers" }] };
  expect((await call(api.app, "PUT", "/api/v1/providers/corp", { settings }, admin)).status).toBe(200);
  sp = samlify.ServiceProvider({
    metadata: (await createJar(api.app).get("/api/v1/login/providers/corp/metadata")).text,
  });
});
afterAll(() => api?.close());

let jar: Jar;
let state: string;
let request: string;
beforeEach(async () => {
  jar = createJar(api.app);
  const begun = await jar.get("/api/v1/login/providers/corp/start?to=/sessions");
  const url = new URL(begun.location);
  state = url.searchParams.get("RelayState")!;
  request = /\bID="([^"]+)"/.exec(
    inflateRawSync(Buffer.from(url.searchParams.get("SAMLRequest")!, "base64")).toString(),
  )![1]!;
});

/** What the provider's page makes the browser post: from another site, and without this one's cookies. */
async function post(xml: string, relay = state): Promise<string> {
  const form = new URLSearchParams({ SAMLResponse: Buffer.from(xml).toString("base64"), RelayState: relay });
  const answer = await createJar(api.app).post("/api/v1/login/providers/corp/acs", form.toString(), {
    "content-type": "application/x-www-form-urlencoded",
    origin: "https://idp.example.com",
  });
  for (const cookie of answer.cookies) jar.cookies.set(String(cookie.name), String(cookie.value));
  expect(answer.status).toBe(303);
  return answer.location;
}
async function refused(xml: string): Promise<string> {
  const location = await post(xml);
  expect(location).toBe("/login?step=1");
  return problemOf(jar);
}
async function signIn(xml: string): Promise<void> {
  const location = await post(xml);
  expect(location, location.startsWith("/login") ? await problemOf(jar) : "").toMatch(/finish\?state=/);
  expect((await jar.get(location)).location).toBe("/sessions");
}

describe("signing in by SAML", () => {
  it("sends a request that a real identity provider reads, and lets in whom its signed assertion names", async () => {
    expect(sp.entityMeta.isWantAssertionsSigned()).toBe(true);
    expect(sp.entityMeta.getAssertionConsumerService("post")).toBe(acs);
    const parsed = await idp.parseLoginRequest(sp, "redirect", {
      query: {
        SAMLRequest: new URL((await jar.get("/api/v1/login/providers/corp/start")).location).searchParams.get(
          "SAMLRequest",
        )!,
      },
    });
    expect(parsed.extract).toMatchObject({ issuer: spId, request: { assertionConsumerServiceUrl: acs } });
    await signIn(sign(fill(request)));
    const { body } = await jar.get("/api/v1/me");
    expect(body.subject).toMatchObject({
      name: "grace@example.com",
      groups: ["engineers"],
      email: "grace@example.com",
    });
  });

  it("takes samlify's own response, made from our metadata", async () => {
    const made = await idp.createLoginResponse(
      sp,
      { extract: { request: { id: request } } } as never,
      "post",
      { email: "grace@example.com" },
      (text: string) => {
        const context = fill(request);
        void text;
        return { id: "_x", context };
      },
      false,
    );
    await signIn(Buffer.from((made as { context: string }).context, "base64").toString());
  });

  it("takes a response that is signed as a whole only with a signed assertion in it", async () => {
    expect(await refused(sign(fill(request), "Response"))).toMatch(/no signed assertion/);
    await signIn(sign(sign(fill(request)), "Response"));
  });
});

describe("what a hostile browser, site or provider may try", () => {
  it("takes no assertion without a signature, or by another's key", async () => {
    const before = failures().length;
    expect(await refused(fill(request))).toMatch(/does not hold/);
    expect(await refused(sign(fill(request), "Assertion", stranger))).toMatch(/does not hold/);
    expect(failures().slice(before)).toMatchObject(Array(2).fill({ after: { how: "saml", provider: "corp" } }));
  });

  it("takes each assertion once, also in a sign-in of its own", async () => {
    const xml = sign(fill(request));
    await signIn(xml);
    const again = createJar(api.app);
    const begun = await again.get("/api/v1/login/providers/corp/start");
    const other = new URL(begun.location).searchParams.get("RelayState")!;
    expect(await post(xml, other)).toBe("/login?step=1");
    expect(await problemOf(jar)).toMatch(/not for this sign-in|does not hold/);
    // The same id, though everything else is right.
    const id = /Assertion ID="([^"]+)"/.exec(xml)![1]!;
    const nextRequest = /\bID="([^"]+)"/.exec(
      inflateRawSync(Buffer.from(new URL(begun.location).searchParams.get("SAMLRequest")!, "base64")).toString(),
    )![1]!;
    expect(await post(sign(fill(nextRequest, { AssertionID: id })), other)).toBe("/login?step=1");
    expect(await problemOf(jar)).toMatch(/used before/);
  });

  it("takes nothing that it did not ask for, and nothing for another browser", async () => {
    expect(await refused(sign(fill("_never-asked")))).toMatch(/does not hold/);
    expect(await post(sign(fill(request)), "x".repeat(43))).toBe("/login?step=1");
    expect(await post(sign(fill(request)), "")).toBe("/login?step=1");
    const location = await post(sign(fill(request)));
    const victim = createJar(api.app);
    expect((await victim.get(location)).location).toBe("/login?step=1");
    expect(victim.cookies.has("hoop")).toBe(false);
  });

  it.each<[string, Record<string, string>]>([
    ["another audience", { Audience: "https://other.example" }],
    ["another recipient", { Recipient: "https://other.example/acs" }],
    ["another issuer", { Issuer: "https://evil.example" }],
    ["a time that is over", { Until: "2020-01-01T00:00:00Z" }],
    ["a time to come", { From: new Date(Date.now() + 3_600_000).toISOString() }],
    ["an issue long ago", { Now: new Date(Date.now() - 3_600_000).toISOString() }],
    ["a name that changes each time", { Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient" }],
    ["no name", { NameID: "" }],
  ])("takes no assertion with %s", async (_what, more) => {
    expect(await refused(sign(fill(request, more)))).toMatch(/does not hold/);
  });

  it("takes no weak or shared-secret signature", async () => {
    const sha1 = sign(fill(request), "Assertion", keys, "http://www.w3.org/2000/09/xmldsig#rsa-sha1");
    expect(await refused(sha1)).toMatch(/proves nothing/);
    // HMAC with the certificate that everybody knows as the secret: the algorithm is the sender's to name.
    const right = sign(fill(request));
    const hmac = right.replace(
      "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
      "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    );
    const forged = hmac.replace(
      /<ds:SignatureValue>[^<]*/,
      `<ds:SignatureValue>${createHmac("sha1", keys.certificate).update("x").digest("base64")}`,
    );
    expect(await refused(forged)).toMatch(/proves nothing/);
    const more = right.replace("xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256");
    expect(await refused(more)).toMatch(/proves nothing/);
    const spelled = right.replace(
      "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
      "http://www.w3.org/2000/09/xmldsig#hmac-sha&#49;",
    );
    expect(await refused(spelled)).toMatch(/does not hold/);
  });

  /** A signed assertion of a person, and beside or around it a forged one of an admin. */
  const forgedFrom = (signed: string): { forged: string; assertion: string } => {
    const assertion = /<saml:Assertion .*<\/saml:Assertion>/s.exec(signed)![0];
    const forged = assertion
      .replace(/<ds:Signature[ >].*<\/ds:Signature>/s, "")
      .replace(/ID="[^"]+"/, 'ID="_forged"')
      .replaceAll("grace@example.com", "root@example.com");
    return { forged, assertion };
  };

  it.each<[string, (signed: string) => string]>([
    [
      "beside it, first",
      (xml) => ((parts) => xml.replace(parts.assertion, parts.forged + parts.assertion))(forgedFrom(xml)),
    ],
    [
      "beside it, last",
      (xml) => ((parts) => xml.replace(parts.assertion, parts.assertion + parts.forged))(forgedFrom(xml)),
    ],
    [
      "around it",
      (xml) =>
        ((parts) =>
          xml.replace(
            parts.assertion,
            parts.forged.replace("</saml:Subject>", `</saml:Subject><saml:Advice>${parts.assertion}</saml:Advice>`),
          ))(forgedFrom(xml)),
    ],
    [
      "with the signed one in its signature's object",
      (xml) =>
        ((parts) => {
          const signature = /<ds:Signature[ >].*<\/ds:Signature>/s.exec(parts.assertion)![0];
          const bare = parts.assertion.replace(signature, "");
          const wrapped = signature.replace("</ds:Signature>", `<ds:Object>${bare}</ds:Object></ds:Signature>`);
          return xml.replace(parts.assertion, parts.forged.replace("</saml:Issuer>", `</saml:Issuer>${wrapped}`));
        })(forgedFrom(xml)),
    ],
    [
      "with the same id",
      (xml) =>
        ((parts) => {
          const id = /ID="([^"]+)"/.exec(parts.assertion)![1]!;
          return xml.replace(
            parts.assertion,
            `<samlp:Extensions>${parts.assertion}</samlp:Extensions>${parts.forged.replace("_forged", id)}`,
          );
        })(forgedFrom(xml)),
    ],
    ["in its place, its name changed", (xml) => xml.replace("grace@example.com", "root@example.com")],
  ])("takes no forged assertion %s", async (_what, wrap) => {
    const xml = wrap(sign(fill(request)));
    expect(xml).toContain("root@example.com");
    expect(await refused(xml)).toMatch(/does not hold/);
    expect((await jar.get("/api/v1/me")).status).toBe(401);
  });

  it("reads a name whole, whatever comments are put into it", async () => {
    // Signatures do not cover comments: one in the middle of a name must not cut it.
    const signed = sign(fill(request, { NameID: "root@example.com.evil.example", Email: "x@evil.example" }));
    await signIn(signed.replace("root@example.com.evil.example", "root@example.com<!-- -->.evil.example"));
    const { body } = await jar.get("/api/v1/me");
    const links = await call<{ items: { externalId: string }[] }>(
      api.app,
      "GET",
      `/api/v1/users/${(body.subject as { name: string }).name}/links`,
      undefined,
      admin,
    );
    expect(links.body.items).toMatchObject([{ externalId: "root@example.com.evil.example" }]);
  });

  it("reads no document type and nothing endless", async () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "b">]>${sign(fill(request))}`;
    expect(await refused(bomb)).toMatch(/document type/);
    expect(await refused("x".repeat(600_000))).toMatch(/too long|does not hold/);
    expect(await refused("not xml")).toMatch(/does not hold/);
  });

  it("does not read metadata that is none", async () => {
    for (const xml of ["", "<x/>", '<!DOCTYPE x><EntityDescriptor entityID="a"/>', sp.getMetadata()])
      expect((await call(api.app, "POST", "/api/v1/providers/saml-metadata", { xml }, admin)).status).toBe(400);
  });

  it("takes no form of another site anywhere else", async () => {
    for (const path of ["/api/v1/login", "/api/v1/login/continue", "/api/v1/login/device"]) {
      const answer = await createJar(api.app).post(path, {}, { origin: "https://evil.example" });
      expect(answer.status).toBe(403);
    }
  });
});
