/** Pings that are under way, and the shortest round trip that they showed. */
export class Pings {
  readonly #open = new Map<number, { readonly at: number; readonly answered: (() => void) | null }>();
  #last = 0;
  /** Milliseconds; 0: none was measured. */
  shortest = 0;
  #measuredAt = 0;

  /** Writes the eight bytes of a new ping. Null: enough are under way. */
  begin(now: number, answered: (() => void) | null): Buffer | null {
    if (this.#open.size >= maxOpen) return null;
    const opaque = Buffer.alloc(8);
    opaque.writeUInt32BE(++this.#last >>> 0, 4);
    this.#open.set(this.#last, { at: now, answered });
    this.#measuredAt = now;
    return opaque;
  }

  /** Whether the round trip was not measured lately. */
  isStale(now: number): boolean {
    return now - this.#measuredAt > freshMs;
  }

  /** An answer that answers nothing is no harm, and no measurement. */
  end(opaque: Buffer, now: number): void {
    const number = opaque.readUInt32BE(0) === 0 ? opaque.readUInt32BE(4) : 0;
    const ping = this.#open.get(number);
    if (ping === undefined) return;
    this.#open.delete(number);
    this.measured(now - ping.at);
    ping.answered?.();
  }

  measured(ms: number): void {
    const taken = Math.max(ms, 0.02);
    if (this.shortest === 0 || taken < this.shortest) this.shortest = taken;
  }
}

const maxOpen = 8;
const freshMs = 1000;
