import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { ScramVerifier } from "./native-store.js";

const derive = promisify(pbkdf2);
/** As PostgreSQL's own; the passwords are random, so that more would only cost clients time. */
export const scramIterations = 4_096;
export const scramSaltBytes = 16;

/** The verifier of a password of ours, which is ASCII. Stretched off the loop. */
export async function verifierOf(password: string): Promise<ScramVerifier> {
  const salt = randomBytes(scramSaltBytes);
  const salted = await derive(password, salt, scramIterations, 32, "sha256");
  const key = (name: string): Buffer => createHmac("sha256", salted).update(name).digest();
  return {
    salt,
    iterations: scramIterations,
    storedKey: createHash("sha256").update(key("Client Key")).digest(),
    serverKey: key("Server Key"),
  };
}

/**
 * What an unknown user is answered with: always the same for the same name, as it would be with a verifier, and no proof fits it.
 */
export function mockVerifier(key: Buffer, user: string): ScramVerifier {
  const part = (name: string): Buffer => createHmac("sha256", key).update(`${name}\0${user}`).digest();
  return {
    salt: part("salt").subarray(0, scramSaltBytes),
    iterations: scramIterations,
    storedKey: part("stored"),
    serverKey: part("server"),
  };
}
