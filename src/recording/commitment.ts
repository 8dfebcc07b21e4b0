import { createHash, hash } from "node:crypto";

/** Bytes of chance that stand before the content. Without them a hash of guessable text would confirm each guess. */
export const saltBytes = 32;

export const commitmentDomain = Buffer.from("hoop payload v1\0");

/**
 * What an entry says of a payload: SHA-256("hoop payload v1\0" | salt | content), hex. The salt is sealed with the
 * payload: with both, anyone can check it; with neither, nobody learns anything from it. Takes all three in one.
 */
export function commitmentOf(salted: Uint8Array): string {
  return hash("sha256", salted, "hex");
}

/** The same for content that comes in pieces. */
export function startCommitment(salt: Uint8Array): { update(piece: Uint8Array): void; digest(): string } {
  const sha = createHash("sha256").update(commitmentDomain).update(salt);
  return { update: (piece) => void sha.update(piece), digest: () => sha.digest("hex") };
}
