import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A stand-in that answers as HashiCorp Vault's and AWS's HTTP APIs are documented to. */
export interface FakePlace {
  readonly url: string;
  /** What was asked, `GET /v1/kv/data/x`, with what proved who asks. */
  readonly asked: { readonly line: string; readonly headers: IncomingMessage["headers"]; readonly body: string }[];
  /** Answers the next ones with these statuses, whatever is asked. */
  readonly failing: { status: number; retryAfter?: string }[];
  /** Not null: every answer is this. */
  down: number | null;
  close(): Promise<void>;
}

type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };
type Handle = (line: string, headers: IncomingMessage["headers"], body: string) => Answer;

async function startFake(handle: Handle): Promise<FakePlace> {
  const asked: FakePlace["asked"] = [];
  const failing: FakePlace["failing"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const line = `${request.method} ${request.url}`;
      asked.push({ line, headers: request.headers, body });
      const next = fake.down === null ? failing.shift() : { status: fake.down };
      const answer: Answer = next
        ? {
            status: next.status,
            body: { errors: ["secret words of a refusal"] },
            headers: next.retryAfter ? { "retry-after": next.retryAfter } : {},
          }
        : handle(line, request.headers, body);
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      response.end(answer.body === undefined ? "" : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakePlace = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ asked, failing, down: null },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

export interface FakeVault extends FakePlace {
  /** By path below /v1/. */
  readonly secrets: Map<string, unknown>;
  readonly tokens: Set<string>;
  readonly leases: Map<string, number>;
  /** Seconds that a token of a login, and a lease, live. */
  tokenSeconds: number;
  leaseSeconds: number;
}

/** Key-value 1 and 2, the database engine, AppRole and Kubernetes logins, leases, response wrapping, one namespace `team`. */
export async function startFakeVault(): Promise<FakeVault> {
  const [secrets, tokens, leases] = [new Map<string, unknown>(), new Set(["root"]), new Map<string, number>()];
  const wrapped = new Map<string, unknown>();
  let made = 0;
  const login = (): Answer => {
    const token = `hvs.${++made}`;
    tokens.add(token);
    return {
      status: 200,
      body: { auth: { client_token: token, lease_duration: vault.tokenSeconds, renewable: true } },
    };
  };
  const place = await startFake((line, headers, body) => {
    const [method = "", url = ""] = line.split(" ");
    const path = url.replace(/^\/v1\//, "");
    const said = body === "" ? {} : (JSON.parse(body) as Record<string, unknown>);
    if (headers["x-vault-request"] !== "true")
      return { status: 412, body: { errors: ["required 'X-Vault-Request' header is missing"] } };
    if (path === "auth/approle/login")
      return said["role_id"] === "role" && said["secret_id"] === "secret"
        ? login()
        : { status: 400, body: { errors: ["invalid role or secret ID"] } };
    if (path === "auth/k8s/login")
      return said["role"] === "hoop" && said["jwt"] === "jwt"
        ? login()
        : { status: 403, body: { errors: ["permission denied"] } };
    const token = String(headers["x-vault-token"] ?? "");
    if (path === "sys/wrapping/unwrap") {
      const inner = wrapped.get(token);
      wrapped.delete(token);
      return inner === undefined
        ? { status: 400, body: { errors: ["wrapping token is not valid or does not exist"] } }
        : { status: 200, body: inner };
    }
    if (!tokens.has(token)) return { status: 403, body: { errors: ["permission denied"] } };
    if (path === "sys/leases/renew") {
      const id = String(said["lease_id"]);
      return leases.has(id)
        ? { status: 200, body: { lease_id: id, lease_duration: vault.leaseSeconds, renewable: true } }
        : { status: 400, body: { errors: ["lease not found"] } };
    }
    if (path === "sys/leases/revoke") {
      leases.delete(String(said["lease_id"]));
      return { status: 204 };
    }
    const scoped = headers["x-vault-namespace"] === undefined ? path : `${headers["x-vault-namespace"]}:${path}`;
    if (method === "GET" && path.startsWith("database/creds/")) {
      const id = `${path}/${++made}`;
      leases.set(id, vault.leaseSeconds);
      return {
        status: 200,
        body: {
          lease_id: id,
          lease_duration: vault.leaseSeconds,
          renewable: true,
          data: { username: `v-hoop-${made}`, password: `p-${made}` },
        },
      };
    }
    const found = secrets.get(scoped);
    if (found === undefined) return { status: 404, body: { errors: [] } };
    if (path.startsWith("wrapped/")) {
      const wrapping = `wrap.${++made}`;
      wrapped.set(wrapping, found);
      return { status: 200, body: { wrap_info: { token: wrapping, ttl: 60 } } };
    }
    return { status: 200, body: found };
  });
  const vault: FakeVault = Object.assign(place, { secrets, tokens, leases, tokenSeconds: 3_600, leaseSeconds: 3_600 });
  return vault;
}

/** GetSecretValue, AssumeRoleWithWebIdentity and the instance metadata service, version 2. `secrets`: by name. */
export function startFakeAws(secrets: ReadonlyMap<string, string>): Promise<FakePlace> {
  const temporary = {
    AccessKeyId: "ASIATEMP",
    SecretAccessKey: "temporary",
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  };
  return startFake((line, headers, body) => {
    if (line === "PUT /latest/api/token")
      return headers["x-aws-ec2-metadata-token-ttl-seconds"] ? { status: 200, body: "session" } : { status: 400 };
    if (line.startsWith("GET /latest/")) {
      if (headers["x-aws-ec2-metadata-token"] !== '"session"') return { status: 401 };
      return line.endsWith("/security-credentials/")
        ? { status: 200, body: "role" }
        : { status: 200, body: { ...temporary, Token: "token" } };
    }
    if (body.includes("AssumeRoleWithWebIdentity")) {
      if (!body.includes("WebIdentityToken=jwt")) return { status: 403 };
      const Credentials = { ...temporary, SessionToken: "token" };
      return {
        status: 200,
        body: { AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials } } },
      };
    }
    const authorization = String(headers["authorization"] ?? "");
    const signed =
      /^AWS4-HMAC-SHA256 Credential=(AKIAKEY|ASIATEMP)\/\d{8}\/eu-central-1\/secretsmanager\/aws4_request, SignedHeaders=[^,]*host[^,]*, Signature=[0-9a-f]{64}$/;
    if (!signed.test(authorization) || headers["x-amz-target"] !== "secretsmanager.GetSecretValue")
      return { status: 400, body: { __type: "UnrecognizedClientException" } };
    const name = (JSON.parse(body) as { SecretId: string }).SecretId;
    if (name === "forbidden") return { status: 400, body: { __type: "AccessDeniedException" } };
    const found = secrets.get(name);
    return found === undefined
      ? { status: 400, body: { __type: "ResourceNotFoundException" } }
      : { status: 200, body: { Name: name, SecretString: found } };
  });
}
