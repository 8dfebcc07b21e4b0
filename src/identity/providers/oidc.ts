import { jwtVerify } from "jose";
import * as oidc from "openid-client";
import { HoopError } from "../../vocabulary/index.js";
import { signatureAlgorithms } from "../signature-algorithms.js";
import { createConfigurations } from "./oidc-configurations.js";
import { failure } from "./oidc-failure.js";
import type { OidcSettings } from "./settings.js";
import { type Again, type Arrival, claimsFrom, textsOf, type Vouched } from "./vouched.js";

/** What of a sign-in only the browser that began it can say again. */
export interface OidcProof {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** What a provider's logout token ends. */
export interface LogoutNotice {
  readonly jti: string;
  readonly expires: Date;
  readonly sid: string | null;
  readonly subject: string | null;
}

export interface OidcProvider {
  /** Where the browser goes. */
  signInUrl(redirectUri: string, proof: OidcProof): Promise<URL>;
  /** Redeems the code of the provider's answer. `url`: the whole address that the browser came back to. */
  arrive(url: URL, proof: OidcProof): Promise<Arrival>;
  again(externalId: string, refreshToken: string): Promise<Again>;
  /** Throws HoopError `invalid` for what is no logout token of this provider for us. */
  logoutNotice(token: string, now: number): Promise<LogoutNotice>;
  /** Whether the provider answers as configured. */
  probe(): Promise<readonly string[]>;
}

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";
const logoutAgeMs = 5 * 60_000;

/** One provider of OpenID Connect: authorization code with PKCE, nothing else. */
export function createOidc(settings: OidcSettings, secret: string | null): OidcProvider {
  const configurations = createConfigurations(settings, secret);

  async function vouchedFrom(
    config: oidc.Configuration,
    claims: Readonly<Record<string, unknown>>,
    accessToken: string,
  ): Promise<Vouched> {
    const subject = String(claims.sub);
    const told =
      settings.groupsFrom === "userinfo" ? await oidc.fetchUserInfo(config, accessToken, subject) : ({} as object);
    return vouched(settings, subject, { ...told, ...claims }, { ...claims, ...told });
  }

  return {
    async signInUrl(redirectUri, { state, nonce, verifier }) {
      const config = await attempt(settings, () => configurations.current());
      return oidc.buildAuthorizationUrl(config, {
        ...settings.parameters,
        redirect_uri: redirectUri,
        scope: settings.scopes.join(" "),
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
    },

    arrive: (url, { state, nonce, verifier }) =>
      attempt(settings, async () => {
        const config = await configurations.current();
        const tokens = await oidc.authorizationCodeGrant(config, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        configurations.keepKeys(config);
        const claims = tokens.claims()!;
        // The library wants `azp` only with several audiences; where it is said, it must be us.
        if (claims.azp !== undefined && claims.azp !== settings.clientId)
          throw new HoopError("denied", `${settings.title} signed you in for another program`);
        return {
          vouched: await vouchedFrom(config, claims, tokens.access_token),
          sid: typeof claims.sid === "string" ? claims.sid : null,
          refreshToken: tokens.refresh_token ?? null,
          until: null,
        };
      }),

    async again(externalId, refreshToken) {
      try {
        const config = await configurations.current();
        const tokens = await oidc.refreshTokenGrant(config, refreshToken);
        configurations.keepKeys(config);
        const renewed = tokens.refresh_token ?? null;
        const claims = tokens.claims();
        if (claims !== undefined && claims.sub !== externalId)
          return { state: "refused", why: `${settings.title} answered about somebody else` };
        // The token is renewed whatever becomes of the rest: the old one may be worth nothing now.
        const found = await again(config, externalId, claims, tokens.access_token).catch(() => null);
        return { state: "welcome", vouched: found, refreshToken: renewed };
      } catch (error) {
        const failed = failure(settings, error);
        if (failed.refused) return { state: "refused", why: failed.error.message };
        throw failed.error;
      }
    },

    async logoutNotice(token, now) {
      const config = await attempt(settings, () => configurations.current());
      const server = config.serverMetadata();
      const { payload, protectedHeader } = await jwtVerify(token, configurations.keySet(config), {
        issuer: server.issuer,
        audience: settings.clientId,
        algorithms: signatureAlgorithms,
        clockTolerance: settings.clockToleranceSeconds,
        requiredClaims: ["iat", "jti"],
      }).catch((cause: unknown) => {
        throw new HoopError("invalid", "this is not a logout token of this provider for Hoop", { cause });
      });
      const events = payload.events as Readonly<Record<string, unknown>> | undefined;
      const typed = protectedHeader.typ?.toLowerCase().replace(/^application\//, "") === "logout+jwt";
      const age = now - payload.iat! * 1_000;
      const wrong =
        (!typed && settings.logoutTokens === "typed" && "its typ is not logout+jwt") ||
        (typeof events?.[logoutEvent] !== "object" && "it does not say that it is about logging out") ||
        (payload.nonce !== undefined && "it has a nonce, as only ID tokens do") ||
        (Math.abs(age) > logoutAgeMs && "it is too old, or from the future") ||
        (typeof payload.jti !== "string" || payload.jti.length > 500 ? "its id is no text" : false) ||
        (typeof payload.sid !== "string" &&
          typeof payload.sub !== "string" &&
          "it names neither a session nor a person");
      if (wrong) throw new HoopError("invalid", `this logout token is not valid: ${wrong}`);
      return {
        jti: payload.jti!,
        expires: new Date(now + 2 * logoutAgeMs),
        sid: typeof payload.sid === "string" ? payload.sid : null,
        subject: payload.sub ?? null,
      };
    },

    async probe() {
      const config = await attempt(settings, () => configurations.current(true));
      const server = config.serverMetadata();
      const notes = [`issuer ${server.issuer} answers`];
      if (!server.supportsPKCE()) notes.push("it does not say that it supports PKCE with S256");
      if (server.authorization_response_iss_parameter_supported !== true)
        notes.push("its answers do not name it (RFC 9207); addresses of our own tell providers apart");
      if (server.backchannel_logout_supported !== true) notes.push("it says nothing of back-channel logout");
      return notes;
    },
  };

  async function again(
    config: oidc.Configuration,
    externalId: string,
    claims: Readonly<Record<string, unknown>> | undefined,
    accessToken: string,
  ): Promise<Vouched | null> {
    if (claims !== undefined) return vouchedFrom(config, claims, accessToken);
    // Some renew without an ID token; what userinfo says is about the same person, or nothing.
    const told = await oidc.fetchUserInfo(config, accessToken, externalId);
    return vouched(settings, externalId, told, told);
  }
}

/** `own` is signed and goes first for who somebody is; `wide` first where userinfo was asked for. */
function vouched(
  settings: OidcSettings,
  subject: string,
  own: Readonly<Record<string, unknown>>,
  wide: Readonly<Record<string, unknown>>,
): Vouched {
  const record = settings.groupsFrom === "userinfo" ? wide : own;
  const email = typeof own.email === "string" && own.email.length <= 254 ? own.email : null;
  const [named] = textsOf(own[settings.nameClaim]) ?? [];
  const groups = textsOf(record[settings.groupsClaim]);
  return {
    externalId: subject,
    names: [named, email].filter((name): name is string => typeof name === "string"),
    email,
    emailVerified: own.email_verified === true,
    // Providers leave the claim out for who is in no group; Entra says that there are too many to tell.
    groups: groups ?? (tooMany(record, settings.groupsClaim) ? null : []),
    claims: claimsFrom(own),
    amr: textsOf(own.amr) ?? [],
    acr: typeof own.acr === "string" ? own.acr : null,
  };
}

function tooMany(record: Readonly<Record<string, unknown>>, claim: string): boolean {
  const elsewhere = record._claim_names;
  return typeof elsewhere === "object" && elsewhere !== null && claim in elsewhere;
}

async function attempt<T>(settings: OidcSettings, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failure(settings, error).error;
  }
}
