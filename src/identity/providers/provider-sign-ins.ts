import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { HoopError } from "../../vocabulary/index.js";
import type { PasswordGate } from "../password-gate.js";
import type { CameIn, createArrivals } from "./arrivals.js";
import type { OidcProof } from "./oidc.js";
import { ownPath } from "./own-path.js";
import type { LiveProvider, Providers } from "./provider-list.js";
import type { SamlPlace } from "./saml.js";
import type { EndedSessions, ProviderSecrets, ProviderStore, SignInAttempt } from "./store.js";
import type { Arrival } from "./vouched.js";

/** A provider as the sign-in page offers it. */
export interface OfferedProvider {
  readonly name: string;
  readonly title: string;
  readonly kind: LiveProvider["kind"];
}

/** Signing in by a provider. Nothing here gives out a login; the caller does. */
export interface ProviderSignIns {
  offered(): Promise<readonly OfferedProvider[]>;
  /** `browser`: what this browser was given before, if anything. `base`: how people reach the gateway. */
  begin(
    name: string,
    from: { readonly base: string; readonly returnTo: string | undefined; readonly browser: string | undefined },
  ): Promise<{ readonly url: string; readonly browser: string }>;
  /** The browser is back from OpenID Connect, at this address. */
  comeBack(name: string, base: string, query: string, browser: string | undefined): Promise<CameIn>;
  /** An answer of SAML, which the browser carries here for another site and so without its cookie: the next step looks at that. */
  post(name: string, base: string, response: string, state: string): Promise<void>;
  finish(name: string, state: string, browser: string | undefined): Promise<CameIn>;
  metadata(name: string, base: string): Promise<string>;
  byPassword(name: string, user: string, password: string, address: string): Promise<CameIn>;
  /** Throws HoopError `invalid`: it is no logout token, or was used before. */
  logout(name: string, token: string): Promise<EndedSessions>;
}

const lifeMs = 10 * 60_000;
const token = /^[A-Za-z0-9_-]{43}$/;
const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();
const mint = (): string => randomBytes(32).toString("base64url");

const begunNowhere = new WeakSet<object>();

function over(): HoopError {
  const error = new HoopError("unauthenticated", "this sign-in is over, or was begun in another browser", {
    hint: "begin again from the sign-in page",
  });
  begunNowhere.add(error);
  return error;
}

/** Whether it was thrown for an answer to a sign-in that was not begun, or is over: nobody tried to come in. */
export const neverBegun = (error: object): boolean => begunNowhere.has(error);

export const providerPath = (name: string, end: string): string =>
  `/api/v1/login/providers/${encodeURIComponent(name)}/${end}`;

export function createProviderSignIns(options: {
  readonly store: ProviderStore;
  readonly secrets: ProviderSecrets;
  readonly providers: Providers;
  readonly arrive: ReturnType<typeof createArrivals>;
  readonly gate: PasswordGate;
  readonly now: () => number;
}): ProviderSignIns {
  const { store, providers, arrive, now } = options;

  /** Takes a sign-in up that this very browser began at this very provider; it cannot be taken up twice. */
  async function taken(provider: LiveProvider, state: string, browser: string | undefined) {
    if (!token.test(state) || browser === undefined || !token.test(browser)) throw over();
    const found = await store.takeAttempt(hashOf(state));
    if (found === null || found.provider !== provider.id || !timingSafeEqual(found.browser, hashOf(browser)))
      throw over();
    return { ...found, browser };
  }

  function samlOf(live: LiveProvider): Extract<LiveProvider, { kind: "saml" }> {
    if (live.kind !== "saml") throw new HoopError("invalid", `${live.name} does not speak SAML`);
    return live;
  }

  return {
    async offered() {
      const all = await providers.list();
      return all
        .filter(({ settings }) => settings.enabled)
        .map(({ name, settings }) => ({ name, title: settings.title, kind: settings.kind }));
    },

    async begin(name, { base, returnTo, browser: known }) {
      const live = await providers.live(name);
      const browser = known !== undefined && token.test(known) ? known : mint();
      const state = mint();
      const attempt: Omit<SignInAttempt, "request"> = {
        provider: live.id,
        browser: hashOf(browser),
        returnTo: ownPath(returnTo),
      };
      const sent = await way(live, base, browser, state);
      await store.keepAttempt(hashOf(state), { ...attempt, request: sent.request }, new Date(now() + lifeMs));
      return { url: sent.url.href, browser };
    },

    async comeBack(name, base, query, browser) {
      const live = await providers.live(name);
      if (live.kind !== "oidc") throw new HoopError("invalid", `${name} does not speak OpenID Connect`);
      const url = new URL(providerPath(name, "callback") + query, base);
      const state = url.searchParams.get("state") ?? "";
      const attempt = await taken(live, state, browser);
      const arrival = await live.oidc.arrive(url, proofOf(attempt.browser, state));
      return arrive(live, arrival, attempt.returnTo);
    },

    async post(name, base, response, state) {
      const live = samlOf(await providers.live(name));
      if (!token.test(state)) throw over();
      const attempt = await store.attempt(hashOf(state));
      if (attempt === null || attempt.provider !== live.id || attempt.request === null) throw over();
      const { assertion, ...arrival } = await live.saml.arrive(placeOf(name, base), response, attempt.request, now());
      // Ids are the provider's own to give: another one may use the same.
      if (!(await store.once("assertion", `${live.id} ${assertion.id}`, assertion.expires)))
        throw new HoopError("unauthenticated", "this answer of the provider was used before", {
          hint: "begin again from the sign-in page",
        });
      if (!(await store.answerAttempt(hashOf(state), arrivalText(arrival)))) throw over();
    },

    async finish(name, state, browser) {
      const live = samlOf(await providers.live(name));
      const attempt = await taken(live, state, browser);
      if (attempt.answer === null) throw over();
      return arrive(live, arrivalFrom(attempt.answer), attempt.returnTo);
    },

    metadata: async (name, base) => samlOf(await providers.live(name)).saml.metadata(placeOf(name, base)),

    async byPassword(name, user, password, address) {
      const live = await providers.live(name);
      if (live.kind !== "ldap") throw new HoopError("invalid", `${name} takes no passwords here`);
      const account = `${live.id}/${user.normalize("NFC").toLowerCase().trim()}`;
      const vouched = await options.gate.pass({ account, address, knows: async () => false }, () =>
        live.ldap.check(user.trim(), password),
      );
      if (vouched === null) throw new HoopError("unauthenticated", "the user or the password is wrong");
      return arrive(live, { vouched, sid: null, refreshToken: null, until: null }, "/");
    },

    async logout(name, text) {
      const live = await providers.live(name);
      if (live.kind !== "oidc") throw new HoopError("invalid", `${name} does not speak OpenID Connect`);
      const notice = await live.oidc.logoutNotice(text, now());
      if (!(await store.once("logout", `${live.id} ${notice.jti}`, notice.expires)))
        throw new HoopError("invalid", "this logout token was used before");
      const ended = await store.endSessions(
        {
          provider: live.id,
          ...(notice.sid === null ? {} : { sid: notice.sid }),
          ...(notice.subject === null ? {} : { externalId: notice.subject }),
        },
        `you signed out at ${live.settings.title}`,
      );
      for (const session of ended.sessions) await options.secrets.delete("refresh", session);
      return ended;
    },
  };
}

async function way(
  live: LiveProvider,
  base: string,
  browser: string,
  state: string,
): Promise<{ readonly url: URL; readonly request: string | null }> {
  if (live.kind === "oidc") {
    const back = new URL(providerPath(live.name, "callback"), base).href;
    return { url: await live.oidc.signInUrl(back, proofOf(browser, state)), request: null };
  }
  if (live.kind === "saml") return live.saml.signInUrl(placeOf(live.name, base), state);
  throw new HoopError("invalid", `${live.settings.title} takes name and password on the sign-in page`);
}

/** Made of what the browser's cookie holds and of nothing that is kept: a copy of the store redeems no code. */
function proofOf(browser: string, state: string): OidcProof {
  const made = (what: string) => createHmac("sha256", browser).update(`hoop ${what} v1 ${state}`).digest("base64url");
  return { state, nonce: made("nonce"), verifier: made("pkce") };
}

function placeOf(name: string, base: string): SamlPlace {
  return {
    entityId: new URL(providerPath(name, "metadata"), base).href,
    answerUrl: new URL(providerPath(name, "acs"), base).href,
  };
}

function arrivalText({ vouched, sid, until }: Arrival): string {
  return JSON.stringify({ vouched: { ...vouched, claims: [...vouched.claims] }, sid, until: until?.getTime() ?? null });
}

/** What `arrivalText` wrote. */
function arrivalFrom(text: string): Arrival {
  const { vouched, sid, until } = JSON.parse(text) as {
    vouched: Arrival["vouched"] & { claims: [string, readonly string[]][] };
    sid: string | null;
    until: number | null;
  };
  return {
    vouched: { ...vouched, claims: new Map(vouched.claims as unknown as [string, readonly string[]][]) },
    sid,
    refreshToken: null,
    until: until === null ? null : new Date(until),
  };
}
