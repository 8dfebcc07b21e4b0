import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, setUp, startTestApi, type TestApi } from "../api/support.js";
import { until } from "../support/clients.js";
import { Issuer } from "./issuer.js";

const audience = "https://hoop.example.com";
const main = { repository: "octo-org/octo-repo", ref: "refs/heads/main" };
interface Given {
  readonly access_token: string;
  readonly expires_in: number;
  readonly subject: string;
  readonly detail: string;
}

describe("workload tokens", () => {
  let api: TestApi;
  let admin: Record<string, string>;
  let issuer: Issuer;
  beforeAll(async () => {
    [api, issuer] = await Promise.all([startTestApi(), Issuer.start()]);
    admin = await setUp(api);
    await call(api.app, "POST", "/api/v1/service-accounts", { name: "deploy", groups: ["engineers"] }, admin);
    expect((await trust("main", {})).status).toBe(200);
  });
  afterAll(async () => {
    await api?.close();
    await issuer?.stop();
  });

  const trust = (name: string, more: object) =>
    call<{ detail: string }>(
      api.app,
      "PUT",
      `/api/v1/federation/${name}`,
      { account: "deploy", issuer: issuer.url, audience, claims: main, ...more },
      admin,
    );
  const exchange = (token: string) => call<Given>(api.app, "POST", "/api/v1/token", { subject_token: token });
  const me = (token: string) =>
    call<{ subject: { name: string } }>(api.app, "GET", "/api/v1/me", undefined, { authorization: `Bearer ${token}` });
  const status = async (token: string): Promise<number> => (await exchange(token)).status;

  it("of a trusted issuer with fitting claims become a short token of the service account", async () => {
    const { status, body } = await exchange(issuer.token());
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body).toMatchObject({ token_type: "Bearer", subject: "deploy" });
    expect(body.expires_in).toBeGreaterThan(800);
    expect(body.expires_in).toBeLessThanOrEqual(900);
    expect((await me(body.access_token)).body.subject.name).toBe("deploy");
    const entry = api.recorder.entries.find((one) => one.kind === "change" && one.what === "login.federated");
    expect(entry).toMatchObject({
      actor: { name: "deploy" },
      after: {
        trust: "main",
        repository: "octo-org/octo-repo",
        actor: "octocat",
        sub: "repo:octo-org/octo-repo:ref:refs/heads/main",
      },
    });
  });

  it("are taken as a form, as RFC 8693 has it", async () => {
    const form = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: issuer.token(),
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    });
    const answer = await api.app.inject({
      method: "POST",
      url: "/api/v1/token",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      payload: form.toString(),
    });
    expect(answer.statusCode, answer.body).toBe(200);
  });

  it("whose claims do not fit are refused, and whoever holds one is told so", async () => {
    for (const claims of [
      { ref: "refs/heads/other" },
      { repository: "octo-org/octo-repo-2" },
      { repository: "OCTO-ORG/octo-repo" },
      { repository: undefined },
      { repository: { toString: "octo-org/octo-repo" } },
      { repository: null },
    ]) {
      const { status, body } = await exchange(issuer.token(issuer.claims(claims)));
      expect([status, body.detail]).toEqual([403, expect.stringContaining("no trust fits")]);
    }
  });

  it("are refused by every confusion that is known, all in the same words", async () => {
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const foreign = (header: object, claims: object = issuer.claims()) => {
      const text = [{ typ: "JWT", alg: "RS256", kid: "key-1", ...header }, claims]
        .map((one) => Buffer.from(JSON.stringify(one)).toString("base64url"))
        .join(".");
      return `${text}.${sign("sha256", Buffer.from(text), other.privateKey).toString("base64url")}`;
    };
    const now = Math.floor(Date.now() / 1_000);
    const jwk = createPublicKey(other.publicKey.export({ type: "spki", format: "pem" })).export({ format: "jwk" });
    const [head, body, signature] = issuer.token().split(".") as [string, string, string];
    const wrong: Readonly<Record<string, string>> = {
      "alg none": issuer.unsigned({ alg: "none" }),
      "alg None": issuer.unsigned({ alg: "None" }),
      "no alg": issuer.unsigned({}),
      "HS256 under the public key": issuer.hmacToken(issuer.publicPem),
      "HS256 called RS256": issuer.hmacToken(issuer.publicPem, { alg: "RS256" }),
      "somebody's key under the right kid": foreign({}),
      "a key in the header": foreign({ jwk }),
      "a key named by jku": foreign({ jku: "https://evil.example/keys" }),
      "a key named by x5u": foreign({ x5u: "https://evil.example/cert" }),
      "jku beside a right signature": issuer.token(undefined, { jku: `${issuer.url}/keys` }),
      "a kid with a path": foreign({ kid: "../../../../dev/null" }),
      "a kid with SQL": foreign({ kid: "' union select 'x" }),
      "a critical header that nobody knows": issuer.token(undefined, { crit: ["hoop"], hoop: 1 }),
      "an unencoded payload": issuer.token(undefined, { crit: ["b64"], b64: false }),
      "another audience": issuer.token(issuer.claims({ aud: "https://elsewhere.example.com" })),
      "an audience among others": issuer.token(issuer.claims({ aud: [audience, "https://elsewhere.example.com"] })),
      "no audience": issuer.token(issuer.claims({ aud: undefined })),
      "an issuer that is not trusted": foreign({}, issuer.claims({ iss: "https://evil.example" })),
      "the issuer with a slash more": issuer.token(issuer.claims({ iss: `${issuer.url}/` })),
      expired: issuer.token(issuer.claims({ exp: now - 31, iat: now - 400 })),
      "not yet": issuer.token(issuer.claims({ nbf: now + 60 })),
      "no end": issuer.token(issuer.claims({ exp: undefined })),
      "an end that is text": issuer.token(issuer.claims({ exp: "never" })),
      "old, with a long life": issuer.token(issuer.claims({ iat: now - 7_200, exp: now + 86_400 })),
      "from the future": issuer.token(issuer.claims({ iat: now + 600, exp: now + 900 })),
      "a payload changed": `${head}.${Buffer.from(JSON.stringify(issuer.claims({ actor: "x" }))).toString("base64url")}.${signature}`,
      "a signature cut": `${head}.${body}.${signature.slice(0, -8)}`,
      "no signature": `${head}.${body}.`,
      rubbish: "x.y.z",
      "empty parts": "..",
      "too long": `${head}.${"A".repeat(16_000)}.${signature}`,
    };
    const details = new Set<string>();
    for (const [name, token] of Object.entries(wrong)) {
      const { status, body } = await exchange(token);
      expect([name, status]).toEqual([name, name === "too long" ? expect.any(Number) : 401]);
      if (status === 401) details.add(body.detail);
    }
    expect([...details]).toEqual(["this workload token is not taken here"]);
    // It keeps nobody out who comes with a right one.
    expect(await status(issuer.token())).toBe(200);
  });

  it("are good for one exchange, unless a trust says otherwise", async () => {
    const token = issuer.token();
    expect([await status(token), await status(token)]).toEqual([200, 401]);
    // The same id is the same token, whatever else it says.
    const claims = issuer.claims();
    expect([await status(issuer.token(claims)), await status(issuer.token({ ...claims, run_id: "2" }))]).toEqual([
      200, 401,
    ]);
    expect(await status(issuer.token(issuer.claims({ jti: undefined })))).toBe(401);
    expect((await trust("reused", { singleUse: false, claims: { repository: "octo-org/reused" } })).status).toBe(200);
    const twice = issuer.token(issuer.claims({ repository: "octo-org/reused", jti: undefined }));
    expect([await status(twice), await status(twice)]).toEqual([200, 200]);
  });

  it("of two issuers with the same key id are told apart", async () => {
    const second = await Issuer.start();
    try {
      const put = await trust("second", { issuer: second.url, claims: { repository: "second/repo" } });
      expect(put.status).toBe(200);
      const claims = (more: object) => issuer.claims({ repository: "second/repo", ...more });
      expect(await status(second.token(second.claims({ repository: "second/repo" })))).toBe(200);
      // Signed by the one, in the name of the other, in both directions.
      expect(await status(issuer.token(claims({ iss: second.url })))).toBe(401);
      expect(await status(second.token(second.claims({ iss: issuer.url })))).toBe(401);
      // Each issuer's tokens fit its own trusts only.
      expect(await status(issuer.token(claims({})))).toBe(403);
    } finally {
      await second.stop();
    }
  });

  it("go on through a rotation, which a flood of made-up key ids does not turn into a flood of requests", async () => {
    const own = await Issuer.start();
    try {
      await trust("rotating", { issuer: own.url, claims: { repository: "r/r" } });
      const token = () => own.token(own.claims({ repository: "r/r" }));
      expect(await status(token())).toBe(200);
      const before = own.asked;
      for (let n = 0; n < 20; n++)
        await exchange(own.token(own.claims({ repository: "r/r" }), { kid: `made-up-${n}` }));
      expect(own.asked - before).toBeLessThanOrEqual(1);
      // An outage ends nothing that is known.
      own.broken = 503;
      expect(await status(token())).toBe(200);
    } finally {
      await own.stop();
    }
  });

  it("of an issuer that is away, or describes another, are refused as such", async () => {
    const own = await Issuer.start();
    try {
      own.broken = 503;
      await trust("away", { issuer: own.url, claims: { repository: "r/r" } });
      const answer = await exchange(own.token(own.claims({ repository: "r/r" })));
      expect([answer.status, answer.body.detail]).toEqual([503, expect.stringContaining("503")]);
    } finally {
      await own.stop();
    }
    const liar = await Issuer.start();
    try {
      liar.described = issuer.url;
      await trust("liar", { issuer: liar.url, claims: { repository: "r/r" } });
      expect(await status(liar.token(liar.claims({ repository: "r/r" })))).toBe(403);
    } finally {
      await liar.stop();
    }
  });

  it("of an issuer that sends on, or says too much, are refused", async () => {
    const server = createServer((request, response) => {
      if (request.url?.startsWith("/moved"))
        return void response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data" }).end();
      response.writeHead(200, { "content-type": "application/json" });
      const flood = setInterval(() => response.write("x".repeat(65_536)), 1);
      response.on("close", () => clearInterval(flood));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      for (const path of ["/moved", "/flood"]) {
        await trust("bad", { issuer: url + path, claims: { repository: "r/r" } });
        expect([403, 413, 503]).toContain(await status(issuer.token(issuer.claims({ iss: url + path }))));
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("are never trusted wider than somebody meant", async () => {
    const github = "https://token.actions.githubusercontent.com";
    for (const body of [
      { claims: { repository: "*" } },
      { issuer: github, claims: { ref: "refs/heads/main" } },
      { issuer: github, claims: { repository: "*/app" } },
      { issuer: github, claims: { sub: "repo:octo*" } },
      { issuer: github, claims: { repository: ["octo/app", "*"] } },
      { claims: {} },
      { issuer: "http://issuer.example.com" },
      { issuer: "https://u:p@issuer.example.com" },
      { issuer: "https://issuer.example.com?x" },
      { condition: "claims.actor" },
      { condition: 'claims.actor.matches("(a+)+$")' },
      { account: "ada" },
      { account: "nobody" },
    ])
      expect([body, (await trust("wide", body)).status]).toEqual([
        body,
        expect.toSatisfy((code: number) => code === 400 || code === 404),
      ]);
    expect((await trust("narrow", { issuer: github, claims: { sub: "repo:octo/*" } })).status).toBe(200);
    // Where clouds tell machines their secrets nothing is fetched from, whatever the scheme.
    await trust("metadata", { issuer: "https://169.254.169.254/latest", claims: { repository: "r/r" } });
    expect(await status(issuer.token(issuer.claims({ iss: "https://169.254.169.254/latest" })))).toBe(403);
  });

  it("may have to meet a condition over their claims", async () => {
    const put = await trust("conditional", {
      claims: { repository: "octo-org/conditional" },
      condition: 'claims.event_name == "push" && claims.job_workflow_ref.startsWith("octo-org/")',
    });
    expect([put.status, put.body.detail]).toEqual([200, undefined]);
    const of = (more: object) => issuer.token(issuer.claims({ repository: "octo-org/conditional", ...more }));
    expect([
      await status(of({})),
      await status(of({ event_name: "pull_request" })),
      await status(of({ event_name: undefined })),
    ]).toEqual([200, 403, 403]);
  });

  it("and what was got for them end when the trust, or the account, does", async () => {
    await trust("ending", { claims: { repository: "octo-org/ending" } });
    const get = async () =>
      (await exchange(issuer.token(issuer.claims({ repository: "octo-org/ending" })))).body.access_token;
    const first = await get();
    expect((await me(first)).status).toBe(200);
    await trust("ending", { claims: { repository: "octo-org/ending" }, bounds: { readOnly: true } });
    await until("the changed trust's tokens have ended", async () => (await me(first)).status === 401);
    const second = await get();
    expect((await call(api.app, "DELETE", "/api/v1/federation/ending", undefined, admin)).status).toBe(204);
    await until("the removed trust's tokens have ended", async () => (await me(second)).status === 401);
    const third = (await exchange(issuer.token())).body.access_token;
    expect((await me(third)).status).toBe(200);
    await call(api.app, "PATCH", "/api/v1/service-accounts/deploy", { disabled: true }, admin);
    await until("the account's tokens have ended", async () => (await me(third)).status === 401);
    expect(await status(issuer.token())).toBe(401);
    await call(api.app, "PATCH", "/api/v1/service-accounts/deploy", { disabled: false }, admin);
  });
});
