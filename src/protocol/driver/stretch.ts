import { createHash, createSecretKey, type KeyObject, pbkdf2, randomBytes } from "node:crypto";

/** Stretched keys that are kept, and for how long after they were made. */
const most = 256;
const keepMs = 10 * 60_000;

/** Without this key, what is kept tells nothing of the secrets that it was made of. */
const salted = randomBytes(32);

interface Kept {
  readonly key: KeyObject;
  readonly until: number;
}

const kept = new Map<string, Kept>();

/**
 * PBKDF2 with SHA-256, 32 bytes, off the loop. A login of the same secret with the same salt needs the same key: it is kept for a
 * while, since stretching costs each new session more than all else of its login. Changing the secret or the salt
 * changes the entry's name; whoever could read it here could read the secret itself.
 */
export function stretch(
  secret: string,
  salt: Buffer,
  iterations: number,
  done: (error: Error | null, key: Buffer) => void,
): void {
  const now = Date.now();
  const name = createHash("sha256")
    .update(salted)
    .update(`${iterations} ${salt.length} `)
    .update(salt)
    .update(secret)
    .digest("base64");
  const known = kept.get(name);
  if (known !== undefined && known.until > now) {
    done(null, known.key.export());
    return;
  }
  pbkdf2(secret, salt, iterations, 32, "sha256", (error, key) => {
    if (error === null) {
      kept.delete(name);
      kept.set(name, { key: createSecretKey(key), until: now + keepMs });
      if (kept.size > most) kept.delete(kept.keys().next().value!);
    }
    done(error, key);
  });
}
