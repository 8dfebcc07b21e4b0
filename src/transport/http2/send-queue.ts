import type { HeaderField } from "./hpack/header-field.js";
import type { Outbox } from "./outbox.js";

/** What a stream has still to send: bytes in order, then perhaps its end. */
export class SendQueue {
  #parts: Uint8Array[] = [];
  #first = 0;
  /** How much of the first part is sent. */
  #offset = 0;
  bytes = 0;
  /** The end was asked for; it goes behind the bytes. */
  ending = false;
  trailers: readonly HeaderField[] | null = null;

  /** Whether a message could go before nothing else. */
  get isEmpty(): boolean {
    return this.bytes === 0 && !this.ending;
  }

  /** The prefix is copied; small payloads are put together with it. */
  add(prefix: Uint8Array, prefixLength: number, payload: Uint8Array): void {
    this.bytes += prefixLength + payload.length;
    const together = payload.length <= smallBytes;
    const head = Buffer.allocUnsafe(together ? prefixLength + payload.length : prefixLength);
    head.set(prefix.subarray(0, prefixLength));
    if (together) head.set(payload, prefixLength);
    this.#parts.push(head);
    if (!together) this.#parts.push(payload);
  }

  end(trailers: readonly HeaderField[] | null): void {
    this.ending = true;
    this.trailers = trailers;
  }

  /** Moves so many bytes out; there are as many. */
  moveTo(outbox: Outbox, bytes: number): void {
    this.bytes -= bytes;
    while (bytes > 0) {
      const part = this.#parts[this.#first]!;
      const to = Math.min(part.length, this.#offset + bytes);
      outbox.bytes(part, this.#offset, to);
      bytes -= to - this.#offset;
      this.#offset = to;
      if (to < part.length) return;
      this.#offset = 0;
      this.#first++;
    }
    if (this.#first === this.#parts.length) {
      this.#parts = [];
      this.#first = 0;
    } else if (this.#first > 64) {
      this.#parts.splice(0, this.#first);
      this.#first = 0;
    }
  }

  clear(): void {
    this.#parts = [];
    this.#first = 0;
    this.#offset = 0;
    this.bytes = 0;
  }
}

const smallBytes = 4 * 1024;
