import { createHash, randomBytes, randomInt } from "node:crypto";
import { crc32 } from "node:zlib";

/** What a token is for, readable from its first characters: secret scanners find it, and none passes as another. */
export const prefixes = {
  access: "hoop_at_",
  refresh: "hoop_rt_",
  browser: "hoop_bs_",
  device: "hoop_dc_",
  setup: "hoop_setup_",
  /** A sign-in that waits for its second factor. */
  pending: "hoop_pl_",
  /** A directory that provisions users. */
  scim: "hoop_scim_",
  /** A service account's key. */
  key: "hoop_sk_",
} as const;
export type TokenPurpose = keyof typeof prefixes;

const body = /^[A-Za-z0-9_-]{43}$/;
const keyBody = /^[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/;

export interface MintedToken {
  /** Shown once, kept nowhere. */
  readonly text: string;
  /** What is kept. 256 random bits need no salt and no stretching. */
  readonly hash: Buffer;
}

export function mintToken(purpose: TokenPurpose): MintedToken {
  const random = prefixes[purpose] + randomBytes(32).toString("base64url");
  // Keys lie in files and repositories for long: with a checksum a scanner reports no false ones, and a typo costs no look-up.
  const text = purpose === "key" ? random + checksumOf(random) : random;
  return { text, hash: hashOf(text) };
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** CRC-32 in six digits of base 62. */
function checksumOf(text: string): string {
  let rest = crc32(text);
  let written = "";
  for (let n = 0; n < 6; n++) {
    written = digits[rest % 62]! + written;
    rest = Math.floor(rest / 62);
  }
  return written;
}

/** The hash under which such a token would be kept; null: it cannot be one. */
export function hashToken(text: string, purpose: TokenPurpose): Buffer | null {
  const prefix = prefixes[purpose];
  if (!text.startsWith(prefix)) return null;
  const rest = text.slice(prefix.length);
  if (purpose !== "key") return body.test(rest) ? hashOf(text) : null;
  return keyBody.test(rest) && checksumOf(text.slice(0, -6)) === text.slice(-6) ? hashOf(text) : null;
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

// No vowels, so no words; no 0/O, 1/I, nor anything read as another.
const letters = "BCDFGHJKLMNPQRSTVWXZ";

/** What a person types on the page: eight letters, 34 bits, good for minutes and throttled. */
export function mintUserCode(): MintedToken {
  const code = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join("");
  return { text: `${code.slice(0, 4)}-${code.slice(4)}`, hash: hashOf(`user code ${code}`) };
}

export function hashUserCode(text: string): Buffer | null {
  const code = text.toUpperCase().replaceAll(/[\s-]/g, "");
  return code.length === 8 && [...code].every((letter) => letters.includes(letter))
    ? hashOf(`user code ${code}`)
    : null;
}
