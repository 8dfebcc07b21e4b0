import type { Mask, TokenForm } from "../../vocabulary/index.js";
import { cardFromToken, cardToken } from "./card-token.js";
import { type TokenKeys, tokenKeys } from "./keys.js";
import { integerFromToken, integerToken, uuidFromToken, uuidToken } from "./number-token.js";
import { opaqueToken, textFromToken, textToken } from "./text-token.js";

type Tokenize = Extract<Mask, { method: "tokenize" }>;

const emailLength = 20;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * A text's pseudonym under a purpose. Deterministic: the same key, purpose and form give the same token in every session, so
 * results still join.
 *
 * @example tokenize({ method: "tokenize", purpose: "analytics", as: "card" }, "4111 1111 1111 1111", key)
 */
export function tokenize(mask: Tokenize, text: string, key: Buffer): string {
  const keys = tokenKeys(key, mask.purpose);
  const made =
    mask.as === "email"
      ? emailToken(keys, text, mask.domain)
      : mask.as === "card"
        ? cardToken(keys, text, mask.lastFour === true)
        : uuid.test(text)
          ? uuidToken(keys, text)
          : null;
  return made ?? textToken(keys, text) ?? opaqueToken(keys, text);
}

/** An integer's pseudonym; see `integerToken`. */
export function tokenizeInteger(purpose: string, value: bigint, key: Buffer, narrow = false): bigint | null {
  return integerToken(tokenKeys(key, purpose), value, narrow);
}

/** How a token was made, as far as getting back its value needs it. */
export interface TokenSource {
  readonly purpose: string;
  readonly as: TokenForm | "integer";
  readonly lastFour?: boolean | undefined;
}

/**
 * The value behind a token; null: it cannot be got back (an e-mail's, a short or opaque one). A text that never was a token gives
 * a value that never was either.
 */
export function detokenize(source: TokenSource, token: string, key: Buffer): string | null {
  const keys = tokenKeys(key, source.purpose);
  switch (source.as) {
    case "email":
      return null;
    case "integer":
      return /^-?[0-9]{1,19}$/.test(token) ? (integerFromToken(keys, BigInt(token))?.toString() ?? null) : null;
    case "card": {
      const number = cardFromToken(keys, token, source.lastFour === true);
      return number ?? textFromToken(keys, token);
    }
    case "text":
      return uuid.test(token) ? uuidFromToken(keys, token) : textFromToken(keys, token);
  }
}

/** `x<hash>@<domain>`. Letters of an address are not enciphered one by one: the result could be somebody's. */
function emailToken(keys: TokenKeys, text: string, domain = "example.invalid"): string | null {
  const at = text.lastIndexOf("@");
  if (at < 1 || at === text.length - 1) return null;
  return `x${keys.hash(`email/${text}`, emailLength)}@${domain === "keep" ? text.slice(at + 1) : domain}`;
}
