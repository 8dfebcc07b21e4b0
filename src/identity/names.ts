import { HoopError } from "../vocabulary/index.js";

const pattern = /^[a-z0-9](?:[a-z0-9._@+-]{0,62}[a-z0-9])?$/;

/** A user's or group's name as it is kept: lower case, so that two never differ by case alone. */
export function nameFrom(text: string, what: "user" | "group" | "role"): string {
  const name = text.normalize("NFC").toLowerCase();
  if (pattern.test(name)) return name;
  throw new HoopError("invalid", `not a ${what} name: ${JSON.stringify(text.slice(0, 64))}`, {
    hint: "1 to 64 characters: letters a to z, digits and . _ @ + - between them",
  });
}

/** Throws unless it may serve as a password: long enough to resist guessing, short enough to hash. */
export function checkPassword(password: string, name: string): void {
  const bytes = Buffer.byteLength(password);
  if ([...password].length < 12 || bytes > 1024) {
    throw new HoopError("invalid", "a password has 12 characters or more, and at most 1024 bytes");
  }
  if (password.toLowerCase().includes(name)) throw new HoopError("invalid", "the password contains the user's name");
  if (new Set(password).size < 5) throw new HoopError("invalid", "the password repeats too few characters");
}
