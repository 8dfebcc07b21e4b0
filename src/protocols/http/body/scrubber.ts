import type { BodyMasker } from "./masker.js";

/**
 * Takes a secret out of a text that echoes it: stars of the same length, so that lengths and places stay. A secret that lies
 * across two chunks is found.
 */
export class Scrubber implements BodyMasker {
  readonly #secrets: readonly Buffer[];
  readonly #behind: number;
  #waiting: Buffer = Buffer.alloc(0);
  readonly maskedCells = 0;

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.map((secret) => Buffer.from(secret)).sort((a, b) => b.length - a.length);
    this.#behind = Math.max(0, ...this.#secrets.map(({ length }) => length - 1));
  }

  push(chunk: Buffer): Buffer {
    const bytes = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    this.#scrub(bytes);
    // Only the beginning of a secret must wait for the rest of it.
    const kept = this.#openEnd(bytes);
    this.#waiting = Buffer.from(bytes.subarray(bytes.length - kept));
    return bytes.subarray(0, bytes.length - kept);
  }

  end(): Buffer {
    const rest = this.#waiting;
    this.#waiting = Buffer.alloc(0);
    return rest;
  }

  detected(): undefined {
    return undefined;
  }

  #scrub(bytes: Buffer): void {
    for (const secret of this.#secrets) {
      for (let at = bytes.indexOf(secret); at >= 0; at = bytes.indexOf(secret, at + secret.length))
        bytes.fill(0x2a, at, at + secret.length);
    }
  }

  /** How many bytes at the end are the beginning of a secret. */
  #openEnd(bytes: Buffer): number {
    for (let length = Math.min(this.#behind, bytes.length); length > 0; length--) {
      const end = bytes.subarray(bytes.length - length);
      if (this.#secrets.some((secret) => secret.length > length && secret.subarray(0, length).equals(end)))
        return length;
    }
    return 0;
  }
}
