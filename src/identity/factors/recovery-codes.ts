import { createHmac, type KeyObject, randomInt } from "node:crypto";
import type { SubjectId } from "../../vocabulary/index.js";

// Crockford's letters: nothing that is read as another.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const length = 16;

export const recoveryCodeCount = 10;
/** With so few left their owner is told to make new ones. */
export const fewCodes = 3;

/** 80 random bits, `7K2M-9QXP-4TBV-C0WD`. */
export function mintRecoveryCode(): string {
  const code = Array.from({ length }, () => letters[randomInt(letters.length)]).join("");
  return code.match(/.{4}/g)!.join("-");
}

/** What was typed, as a code; null: it cannot be one. Letters that people confuse are taken for what they look like. */
export function recoveryCodeFrom(typed: string): string | null {
  if (typed.length > 64) return null;
  const code = typed.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  return code.length === length && [...code].every((letter) => letters.includes(letter)) ? code : null;
}

/** What is kept. 80 random bits under a key that is not in the database need no stretching; bound to whose it is. */
export function hashRecoveryCode(key: KeyObject, subject: SubjectId, code: string): Buffer {
  return createHmac("sha256", key)
    .update(`hoop recovery code v1\0${subject}\0${recoveryCodeFrom(code) ?? ""}`)
    .digest();
}
