import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** An issuer of workload tokens, over real HTTP; tokens are put together by hand, so that they can be wrong in any way. */
export class Issuer {
  readonly url: string;
  readonly #server: Server;
  /** How often its keys were asked for. */
  asked = 0;
  /** What it answers instead of its keys. */
  broken: number | null = null;
  #keys: { kid: string; pair: { publicKey: KeyObject; privateKey: KeyObject } }[] = [];
  /** What its own description says; null: its URL. */
  described: string | null = null;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<Issuer> {
    let issuer: Issuer | null = null;
    const server = createServer((request, response) => {
      const answer = (status: number, body: unknown) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      const self = issuer!;
      if (self.broken !== null) return answer(self.broken, {});
      if (request.url === "/.well-known/openid-configuration")
        return answer(200, { issuer: self.described ?? self.url, jwks_uri: `${self.url}/keys` });
      if (request.url === "/keys") {
        self.asked += 1;
        return answer(200, {
          keys: self.#keys.map(({ kid, pair }) => ({
            ...pair.publicKey.export({ format: "jwk" }),
            kid,
            use: "sig",
            alg: "RS256",
          })),
        });
      }
      answer(404, {});
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    issuer = new Issuer(server);
    issuer.rotate("key-1");
    return issuer;
  }

  /** Another key in place of the ones before. */
  rotate(kid: string): void {
    this.#keys = [{ kid, pair: generateKeyPairSync("rsa", { modulusLength: 2048 }) }];
  }

  get publicPem(): string {
    return this.#keys[0]!.pair.publicKey.export({ type: "spki", format: "pem" }) as string;
  }

  /** Claims as GitHub documents them for a job of a workflow. */
  claims(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const now = Math.floor(Date.now() / 1_000);
    return {
      jti: createHash("sha256").update(String(Math.random())).digest("hex").slice(0, 32),
      sub: "repo:octo-org/octo-repo:ref:refs/heads/main",
      aud: "https://hoop.example.com",
      ref: "refs/heads/main",
      sha: "e0f1b6e5c1d14fa2a0b6",
      repository: "octo-org/octo-repo",
      repository_owner: "octo-org",
      actor_id: "12",
      repository_id: "74",
      repository_owner_id: "65",
      run_id: "1",
      run_number: "10",
      run_attempt: "2",
      runner_environment: "github-hosted",
      actor: "octocat",
      workflow: "deploy",
      head_ref: "",
      base_ref: "",
      event_name: "push",
      ref_type: "branch",
      job_workflow_ref: "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
      iss: this.url,
      nbf: now - 10,
      exp: now + 300,
      iat: now,
      ...more,
    };
  }

  token(
    claims: Readonly<Record<string, unknown>> = this.claims(),
    header: Readonly<Record<string, unknown>> = {},
  ): string {
    const { kid, pair } = this.#keys[0]!;
    const text = `${part({ typ: "JWT", alg: "RS256", kid, ...header })}.${part(claims)}`;
    return `${text}.${sign("sha256", Buffer.from(text), pair.privateKey).toString("base64url")}`;
  }

  /** Signed with HMAC under what everybody can read. */
  hmacToken(secret: string, header: Readonly<Record<string, unknown>> = {}): string {
    const text = `${part({ typ: "JWT", alg: "HS256", kid: this.#keys[0]!.kid, ...header })}.${part(this.claims())}`;
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  }

  unsigned(header: Readonly<Record<string, unknown>>): string {
    return `${part({ typ: "JWT", kid: this.#keys[0]!.kid, ...header })}.${part(this.claims())}.`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
