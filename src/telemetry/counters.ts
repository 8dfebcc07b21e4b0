/** Upper ends of the latency buckets, milliseconds. */
export const latencyBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 5_000] as const;

/** How often something took so long; plain numbers, nothing is allocated when one is added. */
export class Latencies {
  /** One more than there are ends: the last is for what took longer than all. */
  readonly counts = new Float64Array(latencyBuckets.length + 1);
  sum = 0;
  count = 0;

  add(ms: number): void {
    let at = 0;
    while (at < latencyBuckets.length && ms > latencyBuckets[at]!) at += 1;
    this.counts[at]! += 1;
    this.sum += ms;
    this.count += 1;
  }
}

/** A number by name; names are few, and past the limit they are one. */
export class ByName {
  readonly #counts = new Map<string, number>();
  readonly #most: number;

  constructor(most = 40) {
    this.#most = most;
  }

  add(name: string, by = 1): void {
    const own = this.#counts.has(name) || this.#counts.size < this.#most ? name : "other";
    this.#counts.set(own, (this.#counts.get(own) ?? 0) + by);
  }

  entries(): readonly (readonly [string, number])[] {
    return [...this.#counts];
  }
}

/** What this replica has counted since it started. The hot path adds to plain numbers; a scrape reads them. */
export class Counters {
  readonly statements = { allow: 0, deny: 0, hold: 0, challenge: 0 };
  readonly results = { ok: 0, error: 0, cancelled: 0, suspended: 0, unknown: 0 };
  rows = 0;
  maskedCells = 0;
  replyBytes = 0;
  bytesIn = 0;
  bytesOut = 0;
  warnings = 0;
  readonly opened = new ByName();
  readonly refused = new ByName();
  readonly gate = new Latencies();
  readonly runs = new ByName();
}
