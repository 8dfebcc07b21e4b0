import { createRemoteJWKSet, customFetch as joseFetch } from "jose";
import * as oidc from "openid-client";
import { HoopError } from "../../vocabulary/index.js";
import { createBoundedFetch } from "./bounded-fetch.js";
import type { OidcSettings } from "./settings.js";

const metadataMs = 10 * 60_000;
const retryMs = 5_000;
/** The library looks for a key that it does not know only when its list is this old, seconds. */
const keysAge = 61;
const keysMs = 5 * 60_000;

/** What the provider says of itself, kept for minutes; its keys, looked up anew as soon as one is unknown. */
export function createConfigurations(settings: OidcSettings, secret: string | null) {
  const fetch = createBoundedFetch({ ca: settings.ca });
  let known: { readonly server: oidc.ServerMetadata; readonly at: number } | null = null;
  let reading: Promise<oidc.ServerMetadata> | null = null;
  let failedAt = Number.NEGATIVE_INFINITY;
  let lastFailure: unknown = null;
  let keys: { readonly jwks: oidc.ExportedJWKSCache["jwks"]; readonly at: number } | null = null;
  let remote: { readonly uri: string; readonly set: ReturnType<typeof createRemoteJWKSet> } | null = null;
  const now = () => performance.now();
  const own: oidc.CustomFetch = (url, { method, headers, body, signal }) =>
    fetch(url, { method, headers, body, signal });
  const prepare = (config: oidc.Configuration): oidc.Configuration => {
    config[oidc.customFetch] = own;
    config.timeout = 10;
    if (new URL(settings.issuer).protocol === "http:") oidc.allowInsecureRequests(config);
    // Without this the library rests on TLS alone and looks at no signature.
    oidc.enableNonRepudiationChecks(config);
    return config;
  };
  const client = { [oidc.clockTolerance]: settings.clockToleranceSeconds };
  const auth = (): oidc.ClientAuth => {
    if (settings.clientAuth === "none") return oidc.None();
    return settings.clientAuth === "post" ? oidc.ClientSecretPost(secret ?? "") : oidc.ClientSecretBasic(secret ?? "");
  };

  async function read(): Promise<oidc.ServerMetadata> {
    const found = await oidc.discovery(new URL(settings.issuer), settings.clientId, client, auth(), {
      [oidc.customFetch]: own,
      timeout: 10,
      ...(new URL(settings.issuer).protocol === "http:" ? { execute: [oidc.allowInsecureRequests] } : {}),
    });
    const server = { ...found.serverMetadata() } as oidc.ServerMetadata;
    // Entra's documents for several tenants say a placeholder: whose tokens they are could not be told.
    if (server.issuer !== settings.issuer)
      throw new HoopError("denied", `the provider says that it is ${server.issuer}, not ${settings.issuer}`);
    // Browsers are sent there: it must be as safe as the provider itself.
    const page = server.authorization_endpoint;
    if (page === undefined || new URL(page).protocol !== new URL(settings.issuer).protocol)
      throw new HoopError("denied", `the sign-in page of ${settings.issuer} is not where a browser may be sent`);
    known = { server, at: now() };
    return server;
  }

  async function metadata(anew: boolean): Promise<oidc.ServerMetadata> {
    if (known !== null && !anew && now() - known.at < metadataMs) return known.server;
    // A provider that is away is not asked by everybody at once.
    if (!anew && now() - failedAt < retryMs) {
      if (known !== null) return known.server;
      throw lastFailure;
    }
    reading ??= read().finally(() => {
      reading = null;
    });
    try {
      return await reading;
    } catch (error) {
      failedAt = now();
      lastFailure = error;
      if (known !== null && !anew) return known.server;
      throw error;
    }
  }

  return {
    async current(anew = false): Promise<oidc.Configuration> {
      const server = await metadata(anew);
      const config = prepare(new oidc.Configuration(server, settings.clientId, client, auth()));
      if (keys !== null && now() - keys.at < keysMs)
        oidc.setJwksCache(config, { jwks: keys.jwks, uat: Math.floor(Date.now() / 1_000) - keysAge });
      return config;
    },
    keepKeys(config: oidc.Configuration): void {
      const used = oidc.getJwksCache(config);
      if (used === undefined) return;
      const same = keys !== null && JSON.stringify(keys.jwks) === JSON.stringify(used.jwks);
      if (!same || now() - (keys?.at ?? 0) >= keysMs) keys = { jwks: used.jwks, at: now() };
    },
    keySet(config: oidc.Configuration): ReturnType<typeof createRemoteJWKSet> {
      const uri = config.serverMetadata().jwks_uri;
      if (uri === undefined) throw new HoopError("unavailable", `${settings.title} publishes no keys`);
      if (remote?.uri !== uri)
        remote = {
          uri,
          set: createRemoteJWKSet(new URL(uri), {
            cooldownDuration: 5_000,
            cacheMaxAge: keysMs,
            [joseFetch]: (url: string, init: { headers: Headers; signal: AbortSignal }) =>
              fetch(url, { headers: init.headers, signal: init.signal }),
          }),
        };
      return remote.set;
    },
  };
}
