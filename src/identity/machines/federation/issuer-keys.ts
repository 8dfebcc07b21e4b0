import { createLocalJWKSet, type JWTVerifyGetKey } from "jose";
import { HoopError } from "../../../vocabulary/index.js";
import type { BoundedFetch } from "../../providers/bounded-fetch.js";

/** The public keys of issuers, kept and got anew as issuers rotate them. */
export interface IssuerKeys {
  /** Throws HoopError `unavailable`, `denied`: the issuer does not answer, or not as one. */
  of(issuer: string): JWTVerifyGetKey;
}

/** Keys this old are asked for again. */
const freshMs = 10 * 60_000;
/** An issuer that is away is not the end of what it signed before; a key that it took back meanwhile counts no longer than this. */
const outageMs = 6 * 3_600_000;
/** A key that is not known may be new. Whoever makes up key ids does not make Hoop ask more often. */
const cooldownMs = 30_000;
const maxIssuers = 200;
const maxKeys = 50;

interface Known {
  keys: JWTVerifyGetKey | null;
  at: number;
  /** When it was asked for last, whatever came of it. */
  tried: number;
  asking: Promise<void> | null;
}

export function createIssuerKeys({
  fetch,
  now,
}: {
  readonly fetch: BoundedFetch;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}): IssuerKeys {
  const issuers = new Map<string, Known>();

  function known(issuer: string): Known {
    let found = issuers.get(issuer);
    if (found === undefined) {
      found = { keys: null, at: Number.NEGATIVE_INFINITY, tried: Number.NEGATIVE_INFINITY, asking: null };
      if (issuers.size >= maxIssuers) issuers.delete(issuers.keys().next().value!);
      issuers.set(issuer, found);
    }
    return found;
  }

  /** One at a time for each issuer; whoever comes meanwhile waits for the same answer. */
  function ask(issuer: string, state: Known): Promise<void> {
    state.asking ??= (async () => {
      state.tried = now();
      try {
        state.keys = await keysFrom(fetch, issuer);
        state.at = now();
      } finally {
        state.asking = null;
      }
    })();
    return state.asking;
  }

  /** Throws what the issuer's silence means, unless what is known is good enough still. */
  async function refresh(issuer: string, state: Known): Promise<void> {
    const cooling = state.asking === null && now() - state.tried < cooldownMs;
    try {
      if (cooling)
        throw new HoopError("unavailable", `${issuer} did not answer just now`, { hint: "try again in a minute" });
      await ask(issuer, state);
    } catch (error) {
      if (state.keys === null || now() - state.at > outageMs) throw error;
    }
  }

  return {
    of: (issuer) => async (header, token) => {
      const state = known(issuer);
      if (state.keys === null || now() - state.at > freshMs) await refresh(issuer, state);
      try {
        return await state.keys!(header, token);
      } catch (error) {
        // Not there: it may have come since.
        if (now() - state.tried < cooldownMs && state.asking === null) throw error;
        await refresh(issuer, state);
        return state.keys!(header, token);
      }
    },
  };
}

async function keysFrom(fetch: BoundedFetch, issuer: string): Promise<JWTVerifyGetKey> {
  const said = (text: string) => new HoopError("denied", `${issuer} ${text}`);
  const described = await jsonFrom(fetch, `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, issuer);
  // OpenID Connect Discovery 4.3: exactly, or another issuer's keys would be taken for this one's.
  if (described["issuer"] !== issuer) throw said("describes another issuer than itself");
  const url = described["jwks_uri"];
  if (typeof url !== "string" || !URL.canParse(url)) throw said("does not say where its keys are");
  const { keys } = await jsonFrom(fetch, url, issuer);
  if (!Array.isArray(keys) || keys.length > maxKeys) throw said("has no list of keys that can be used");
  const usable = keys.filter(isPublicKey);
  if (usable.length === 0) throw said("has no key that can be used");
  return createLocalJWKSet({ keys: usable });
}

/** No symmetric key ever, whatever an issuer publishes: with one, whoever reads the list signs. */
function isPublicKey(key: unknown): key is { kty: string } {
  if (typeof key !== "object" || key === null) return false;
  const { kty, use, d } = key as Record<string, unknown>;
  return (kty === "RSA" || kty === "EC" || kty === "OKP") && (use === undefined || use === "sig") && d === undefined;
}

async function jsonFrom(fetch: BoundedFetch, url: string, issuer: string): Promise<Record<string, unknown>> {
  const answer = await fetch(url, { headers: { accept: "application/json" } });
  if (answer.status !== 200) throw new HoopError("unavailable", `${issuer} answered with status ${answer.status}`);
  try {
    const value: unknown = JSON.parse(await answer.text());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new HoopError("denied", `${issuer} did not answer with JSON`);
}
