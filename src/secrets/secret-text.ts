import { inspect } from "node:util";

/**
 * A secret on its way from the vault to its one use. Prints, serialises and interpolates as `[secret]`, so that it
 * cannot slip into a log, an error or an answer; `reveal()` is the only way to the value, and easy to search for.
 */
export class SecretText {
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  reveal(): string {
    return this.#bytes.toString("utf8");
  }

  revealBytes(): Buffer {
    return Buffer.from(this.#bytes);
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
