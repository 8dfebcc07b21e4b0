import type { TokenKeys } from "./keys.js";

const small = 1n << 15n;
const medium = 1n << 31n;
const large = 1n << 63n;

/**
 * An integer becomes another with the same sign that fits wherever it did: below 2^31 stays below it, whatever the width of the
 * column, so that an int4 joins an int8. Null: it has more than 64 bits.
 *
 * @param narrow For a column of 16 bits: a domain too small to get values back, and two may share a token.
 */
export function integerToken(keys: TokenKeys, value: bigint, narrow = false): bigint | null {
  return signed(value, (positive) => {
    if (narrow) return positive < small ? keys.encipher(positive, small, "int") : null;
    if (positive < medium) return keys.encipher(positive, medium, "int");
    return positive < large ? medium + keys.encipher(positive - medium, large - medium, "int") : null;
  });
}

export function integerFromToken(keys: TokenKeys, token: bigint): bigint | null {
  return signed(token, (positive) => {
    if (positive < medium) return keys.decipher(positive, medium, "int");
    if (positive >= large) return null;
    const value = keys.decipher(positive - medium, large - medium, "int");
    return value === null ? null : value + medium;
  });
}

function signed(value: bigint, convert: (positive: bigint) => bigint | null): bigint | null {
  if (value >= 0n) return convert(value);
  // -1 is the first of the negative ones, as in two's complement.
  const made = convert(-1n - value);
  return made === null ? null : -1n - made;
}

const uuidBits = 1n << 120n;

/** A UUID becomes another of the same version and variant. Null: it is none. */
export function uuidToken(keys: TokenKeys, uuid: string): string | null {
  return convertUuid(uuid, (value) => keys.encipher(value, uuidBits, "uuid"));
}

export function uuidFromToken(keys: TokenKeys, token: string): string | null {
  return convertUuid(token, (value) => keys.decipher(value, uuidBits, "uuid"));
}

function convertUuid(uuid: string, convert: (value: bigint) => bigint | null): string | null {
  const hex = uuid.replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) return null;
  // The version and the nibble that begins with the variant's bits stay.
  const made = convert(BigInt(`0x${hex.slice(0, 12)}${hex.slice(13, 16)}${hex.slice(17)}`));
  if (made === null) return null;
  const out = made.toString(16).padStart(30, "0");
  const all = `${out.slice(0, 12)}${hex[12]}${out.slice(12, 15)}${hex[16]}${out.slice(15)}`;
  return `${all.slice(0, 8)}-${all.slice(8, 12)}-${all.slice(12, 16)}-${all.slice(16, 20)}-${all.slice(20)}`;
}
