import { GrpcError, grpcStatus } from "./status.js";

/** The longest control message. */
export const maxMessageBytes = 1024 * 1024;

/** Puts gRPC messages together, one at a time and never more than the limit. Throws GrpcError. */
export class MessageDecoder {
  readonly #message: (bytes: Buffer) => void;
  readonly #maxBytes: number;
  readonly #prefix = Buffer.alloc(5);
  #prefixBytes = 0;
  #length = 0;
  #parts: Buffer[] = [];
  #have = 0;

  constructor(message: (bytes: Buffer) => void, maxBytes = maxMessageBytes) {
    this.#message = message;
    this.#maxBytes = maxBytes;
  }

  /** Whether a message has begun and is not whole. */
  get partial(): boolean {
    return this.#prefixBytes > 0;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#prefixBytes < 5) {
        const take = Math.min(5 - this.#prefixBytes, chunk.length - at);
        chunk.copy(this.#prefix, this.#prefixBytes, at, at + take);
        this.#prefixBytes += take;
        at += take;
        if (this.#prefixBytes < 5) return;
        this.#begin();
      } else {
        const take = Math.min(this.#length - this.#have, chunk.length - at);
        this.#add(chunk.subarray(at, at + take));
        at += take;
      }
      if (this.#have === this.#length && this.#prefixBytes === 5) this.#complete();
    }
  }

  #begin(): void {
    if (this.#prefix[0] !== 0) {
      throw new GrpcError(grpcStatus.unimplemented, "a compressed message, though no compression was agreed on");
    }
    this.#length = this.#prefix.readUInt32BE(1);
    if (this.#length > this.#maxBytes) {
      throw new GrpcError(
        grpcStatus.resourceExhausted,
        `a message of ${this.#length} bytes; the limit is ${this.#maxBytes}`,
      );
    }
  }

  #add(part: Buffer): void {
    this.#have += part.length;
    const last = this.#parts.at(-1);
    // A peer that sends byte by byte must not make us keep a buffer for each.
    if (last !== undefined && last.length + part.length <= 4096) {
      this.#parts[this.#parts.length - 1] = Buffer.concat([last, part]);
    } else this.#parts.push(part);
  }

  #complete(): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#have = 0;
    this.#prefixBytes = 0;
    this.#message(bytes);
  }
}
