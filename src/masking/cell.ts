import { createHmac } from "node:crypto";
import type { Mask } from "../vocabulary/index.js";
import { hidden, partialCard, partialEmail, partialPhone, partialText } from "./partial.js";
import { tokenize } from "./tokens/token.js";

const minKey = 16;
const hashLength = 16;

/**
 * A value under a mask; null is NULL. `key` is for `hash` and `tokenize`: at least 16 bytes, one an installation,
 * kept for as long as hashes and tokens shall be comparable. Never shows more than the method says: what a partial mask does not recognise is hidden whole.
 *
 * @example maskText({ method: "partial", as: "email" }, "jane@example.com", key) // "j***@e***.com"
 */
export function maskText(mask: Mask, text: string, key: Buffer): string | null {
  switch (mask.method) {
    case "redact":
      return hidden;
    case "null":
      return null;
    case "fixed":
      return mask.value;
    case "hash":
      return keyedHash(key, text);
    case "tokenize":
      return tokenize(mask, text, key);
    case "partial":
      return partials[mask.as ?? "text"](text);
  }
}

export const partials = { email: partialEmail, card: partialCard, phone: partialPhone, text: partialText } as const;

/** HMAC-SHA-256, its first 64 bits in hex. */
export function keyedHash(key: Buffer, value: string | Uint8Array): string {
  if (key.length < minKey) throw new TypeError(`a masking key has at least ${minKey} bytes`);
  return createHmac("sha256", key).update(value).digest("hex").slice(0, hashLength);
}
