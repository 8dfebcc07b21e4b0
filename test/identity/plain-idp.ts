import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

/** What the provider is told to say, and what it was asked. */
export interface PlainIdp {
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
  /** Claims of the next ID token, over the right ones. */
  claims: JWTPayload;
  /** Signs the next ID tokens; null: as it should. */
  sign: ((claims: JWTPayload) => Promise<string>) | null;
  /** More for the answer that the browser carries; `iss` null: not named. */
  answer: Record<string, string | null>;
  /** How the next renewal is answered. */
  refresh: "yes" | "refused" | "broken";
  /** False: every request is answered with 503. */
  up: boolean;
  keysUp: boolean;
  metadata: Record<string, unknown>;
  userinfo: Record<string, unknown>;
  readonly requests: string[];
  readonly key: () => { readonly privateKey: CryptoKey; readonly kid: string };
  rightClaims(more?: JWTPayload): JWTPayload;
  /** Other keys from now on. */
  rotate(): Promise<void>;
  publicKey(): Promise<JWK>;
  logoutToken(claims?: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  /** What a browser would bring back from `url`. */
  visit(url: string): string;
  close(): Promise<void>;
}

type CryptoKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

/** A provider of OpenID Connect that says whatever a test wants: its own protocol is right, unless the test says otherwise. */
export async function startPlainIdp(clientId = "hoop", path = ""): Promise<PlainIdp> {
  let n = 0;
  const newKey = async () => {
    const pair = await generateKeyPair("RS256", { extractable: true });
    return { ...pair, kid: `key-${++n}` };
  };
  let key = await newKey();
  const codes = new Map<string, { nonce: string }>();
  const server: Server = createServer((request, response) => {
    void handle(request).then(
      ([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      },
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  async function handle(request: IncomingMessage): Promise<[number, unknown]> {
    const url = new URL(request.url!, issuer);
    idp.requests.push(url.pathname.slice(path.length));
    if (!idp.up) return [503, { error: "temporarily_unavailable" }];
    const jwk = { ...(await exportJWK(key.publicKey)), kid: key.kid, alg: "RS256", use: "sig" };
    switch (url.pathname.slice(path.length)) {
      case "/.well-known/openid-configuration":
        return [
          200,
          {
            issuer,
            authorization_endpoint: `${issuer}/auth`,
            token_endpoint: `${issuer}/token`,
            userinfo_endpoint: `${issuer}/userinfo`,
            jwks_uri: `${issuer}/jwks`,
            response_types_supported: ["code"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256"],
            code_challenge_methods_supported: ["S256"],
            authorization_response_iss_parameter_supported: true,
            ...idp.metadata,
          },
        ];
      case "/jwks":
        return idp.keysUp ? [200, { keys: [jwk] }] : [503, {}];
      case "/userinfo":
        return [200, { sub: "person-1", ...idp.userinfo }];
      case "/token": {
        const form = new URLSearchParams(await bodyOf(request));
        if (form.get("grant_type") === "refresh_token") {
          if (idp.refresh === "broken") return [502, { error: "server_error" }];
          if (idp.refresh === "refused") return [400, { error: "invalid_grant" }];
          return [200, tokens(await idToken({}))];
        }
        const known = codes.get(form.get("code") ?? "");
        if (known === undefined) return [400, { error: "invalid_grant" }];
        codes.delete(form.get("code")!);
        return [200, tokens(await idToken({ nonce: known.nonce }))];
      }
      default:
        return [404, {}];
    }
  }

  const tokens = (idToken: string) => ({
    access_token: "at",
    token_type: "Bearer",
    expires_in: 300,
    refresh_token: `rt-${++n}`,
    id_token: idToken,
  });
  const idToken = async (more: JWTPayload): Promise<string> => {
    const claims = idp.rightClaims({ ...more, ...idp.claims });
    return idp.sign === null
      ? new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: key.kid }).sign(key.privateKey)
      : idp.sign(claims);
  };
  const idp: PlainIdp = {
    issuer,
    clientId,
    secret: "the client's secret",
    claims: {},
    sign: null,
    answer: {},
    refresh: "yes",
    up: true,
    keysUp: true,
    metadata: {},
    userinfo: {},
    requests: [],
    key: () => key,
    rightClaims(more = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const { nonce } = more;
      const claims = {
        iss: issuer,
        aud: clientId,
        sub: "person-1",
        iat: now,
        exp: now + 300,
        sid: "session-1",
        preferred_username: "grace",
        email: "grace@example.com",
        email_verified: true,
        groups: ["Engineering"],
        ...(nonce === undefined ? {} : { nonce }),
        ...more,
      };
      for (const [name, value] of Object.entries(claims)) if (value === null) delete (claims as JWTPayload)[name];
      return claims as JWTPayload;
    },
    async rotate() {
      key = await newKey();
    },
    publicKey: () => exportJWK(key.publicKey),
    async logoutToken(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const body: JWTPayload = {
        iss: issuer,
        aud: clientId,
        iat: now,
        exp: now + 120,
        jti: `logout-${++n}-${now}`,
        sub: "person-1",
        events: { "http://schemas.openid.net/event/backchannel-logout": {} },
        ...claims,
      };
      for (const [name, value] of Object.entries(body)) if (value === null) delete body[name];
      return new SignJWT(body)
        .setProtectedHeader({ alg: "RS256", kid: key.kid, typ: "logout+jwt", ...header })
        .sign(key.privateKey);
    },
    visit(text) {
      const url = new URL(text);
      const code = `code-${++n}`;
      codes.set(code, { nonce: url.searchParams.get("nonce") ?? "" });
      const back = new URL(url.searchParams.get("redirect_uri")!);
      const said: Record<string, string | null> = {
        code,
        state: url.searchParams.get("state"),
        iss: issuer,
        ...idp.answer,
      };
      for (const [name, value] of Object.entries(said)) if (value !== null) back.searchParams.set(name, value);
      return back.pathname + back.search;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return idp;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
