/** Keeps the beginning of what comes, and counts the rest. */
export class BoundedText {
  readonly #chunks: Buffer[] = [];
  readonly #limit: number;
  #kept = 0;
  cut = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    const room = Math.min(chunk.length, this.#limit - this.#kept);
    if (room > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    this.#kept += Math.max(room, 0);
    this.cut += chunk.length - Math.max(room, 0);
  }

  get total(): number {
    return this.#kept + this.cut;
  }

  toString(): string {
    return Buffer.concat(this.#chunks).toString("utf8").replaceAll("\0", "\ufffd");
  }
}
