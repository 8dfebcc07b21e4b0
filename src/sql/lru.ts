interface Entry<V> {
  readonly value: V;
  readonly weight: number;
  /** How many entries had come when it was last moved to the young end. */
  seen: number;
}

/** A map that forgets what was not asked for the longest, bounded by count and by weight. */
export class Lru<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #patience: number;
  #weight = 0;
  #sets = 0;

  constructor(readonly limits: { readonly count: number; readonly weight: number }) {
    this.#patience = limits.count >> 2;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    // Moving costs more than looking: only what has begun to age is moved.
    if (this.#sets - entry.seen > this.#patience || this.#weight > this.limits.weight / 2) {
      entry.seen = this.#sets;
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry.value;
  }

  /** What is heavier than an eighth of the whole is not kept: it would push everything else out. */
  set(key: string, value: V, weight: number): void {
    this.#drop(key);
    if (weight > this.limits.weight / 8) return;
    this.#sets += 1;
    this.#entries.set(key, { value, weight, seen: this.#sets });
    this.#weight += weight;
    while (this.#entries.size > this.limits.count || this.#weight > this.limits.weight) this.dropOldest();
  }

  get size(): number {
    return this.#entries.size;
  }

  get weight(): number {
    return this.#weight;
  }

  dropOldest(): void {
    for (const oldest of this.#entries.keys()) {
      this.#drop(oldest);
      return;
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }
}
