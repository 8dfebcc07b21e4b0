import { createHash, type Hash } from "node:crypto";

/** The contents of an open file as they pass, one direction. */
class Stream {
  readonly #hash: Hash = createHash("sha256");
  #next = 0n;
  #sequential = true;
  bytes = 0;

  at(offset: bigint, data: Buffer): void {
    this.bytes += data.length;
    if (offset !== this.#next) this.#sequential = false;
    this.#next = offset + BigInt(data.length);
    if (this.#sequential) this.#hash.update(data);
  }

  /** `12 bytes, sha256 …`: of all that passed, if it passed in one go from the beginning. */
  summary(): string {
    return `${this.bytes} bytes, ${this.#sequential ? `sha256 ${this.#hash.digest("hex")}` : "not sequential"}`;
  }
}

/** An open file: what was read of it and written to it. */
export class Transfer {
  readonly ask: number;
  readonly path: string;
  readonly #read = new Stream();
  readonly #written = new Stream();

  constructor(ask: number, path: string) {
    this.ask = ask;
    this.path = path;
  }

  get bytes(): number {
    return this.#read.bytes + this.#written.bytes;
  }

  read(offset: bigint, data: Buffer): void {
    this.#read.at(offset, data);
  }

  wrote(offset: bigint, data: Buffer): void {
    this.#written.at(offset, data);
  }

  summary(): string {
    const parts: string[] = [];
    if (this.#written.bytes > 0) parts.push(`written ${this.#written.summary()}`);
    if (this.#read.bytes > 0 || parts.length === 0) parts.push(`read ${this.#read.summary()}`);
    return parts.join("; ");
  }
}
