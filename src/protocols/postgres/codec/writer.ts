/** Builds typed messages; for what we originate, never for what merely passes. */
export class MessageWriter {
  #bytes: Buffer;
  #at = 0;
  #start = -1;

  constructor(capacity = 128) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  #room(n: number): number {
    const at = this.#at;
    if (at + n > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, at + n));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#at += n;
    return at;
  }

  /** Opens a message; `null` for the untyped packets of the startup. */
  begin(type: number | null): this {
    if (type !== null) this.uint8(type);
    this.#start = this.#room(4);
    return this;
  }

  /** Closes the open message: its length is known now. */
  end(): this {
    this.#bytes.writeInt32BE(this.#at - this.#start, this.#start);
    return this;
  }

  uint8(value: number): this {
    const at = this.#room(1);
    this.#bytes[at] = value;
    return this;
  }

  int16(value: number): this {
    const at = this.#room(2);
    this.#bytes.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#room(4);
    this.#bytes.writeInt32BE(value, at);
    return this;
  }

  uint32(value: number): this {
    const at = this.#room(4);
    this.#bytes.writeUInt32BE(value, at);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#room(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  cstring(value: string | Uint8Array): this {
    return this.bytes(typeof value === "string" ? Buffer.from(value, "utf8") : value).uint8(0);
  }

  /** A value with its length before it; -1 is NULL. */
  value(value: Uint8Array | null): this {
    return value === null ? this.int32(-1) : this.int32(value.length).bytes(value);
  }

  /** Everything written so far. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }
}
