import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration } from "oidc-provider";

/** A real provider of OpenID Connect, with a sign-in page of its own. */
export interface TestIdp {
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
  /** Who they are there, by the name that they type; gone: they cannot come in, and renewals are refused. */
  readonly people: Map<string, { email: string; groups: string[]; amr?: string[] }>;
  /** Where the browser is sent back to, and where a logout is told. */
  register(uris: { redirect: string; logout: string }): void;
  /** Every grant of somebody is taken back: the next renewal is refused. */
  revoke(person: string): Promise<void>;
  close(): Promise<void>;
}

export async function startOidcProvider(port = 0): Promise<TestIdp> {
  const [clientId, secret] = ["hoop", "a secret that only the two know"];
  const people: TestIdp["people"] = new Map();
  const uris = { redirect: "http://127.0.0.1:1/", logout: "http://127.0.0.1:1/" };
  let handler: RequestListener;
  const http = createServer((request, response) => {
    if (request.url?.startsWith("/interaction/")) void interact(request, response);
    else handler(request, response);
  });
  await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  let provider: Provider;

  function make(): void {
    const configuration: Configuration = {
      clients: [
        {
          client_id: clientId,
          client_secret: secret,
          redirect_uris: [uris.redirect],
          grant_types: ["authorization_code", "refresh_token"],
          response_types: ["code"],
          backchannel_logout_uri: uris.logout,
          backchannel_logout_session_required: true,
        },
      ],
      claims: {
        openid: ["sub", "sid", "amr"],
        email: ["email", "email_verified"],
        profile: ["preferred_username", "groups"],
      },
      conformIdTokenClaims: false,
      features: {
        devInteractions: { enabled: false },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: { enabled: true },
      },
      pkce: { required: () => true },
      // Its own guard keeps it off loopback, where the gateway of a test is.
      fetch: (url, { method, headers, body } = {}) =>
        fetch(url, { method: method ?? "GET", headers: new Headers(headers), body: body ?? null }),
      issueRefreshToken: async () => true,
      rotateRefreshToken: true,
      cookies: { keys: ["a key for cookies of a test"] },
      interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
      ttl: {
        AccessToken: 300,
        AuthorizationCode: 60,
        IdToken: 300,
        Interaction: 600,
        Session: 3_600,
        Grant: 3_600,
        RefreshToken: 3_600,
      },
      findAccount: async (_ctx, id) => {
        const person = people.get(id);
        if (person === undefined) return undefined;
        return {
          accountId: id,
          claims: async () => ({
            sub: id,
            preferred_username: id.replace(/^sub-/, ""),
            email: person.email,
            email_verified: true,
            groups: person.groups,
            ...(person.amr ? { amr: person.amr } : {}),
          }),
        };
      },
      loadExistingGrant: async (ctx) => {
        const { provider: own, session, client } = ctx.oidc;
        const known = session?.grantIdFor(client!.clientId);
        if (known !== undefined) return own.Grant.find(known);
        const grant = new own.Grant({ accountId: session!.accountId!, clientId: client!.clientId });
        grant.addOIDCScope("openid profile email offline_access");
        await grant.save();
        return grant;
      },
    };
    provider = new Provider(issuer, configuration);
    provider.on("backchannel.error", (_ctx, error) => console.error("back-channel logout failed:", error));
    handler = provider.callback() as RequestListener;
  }

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { uid, prompt } = await provider.interactionDetails(request, response);
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const name = new URLSearchParams(Buffer.concat(chunks).toString()).get("name") ?? "";
      const result = people.has(`sub-${name}`)
        ? { login: { accountId: `sub-${name}` } }
        : { error: "access_denied", error_description: "nobody" };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
      return;
    }
    response
      .writeHead(200, { "content-type": "text/html" })
      .end(`<!doctype html><html lang="en"><title>Test provider</title>
<h1>Test provider</h1><form method="post" action="/interaction/${uid}"><label>Who are you <input name="name"></label>
<button>${prompt.name === "login" ? "Log in" : "Go on"}</button></form></html>`);
  }
  make();
  return {
    issuer,
    clientId,
    secret,
    people,
    register({ redirect, logout }) {
      Object.assign(uris, { redirect, logout });
      make();
    },
    async revoke(person) {
      people.delete(person);
    },
    close: () =>
      new Promise((resolve) => {
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  };
}
