/**
 * What the names of prepared statements (or portals) mean at the target, followed through pipelining. A name that was sent
 * counts within its own pipeline at once, since a failure would discard what follows, but beyond the next Sync only once
 * the target confirmed it: until then nobody knows whether the old meaning stands.
 */
export class Names<T> {
  readonly #confirmed = new Map<string, T>();
  readonly #proposed = new Map<string, { readonly value: T | null; readonly segment: number }>();

  /** The client sent it: `value` for a new meaning, null for none (closed). */
  propose(name: string, value: T | null, segment: number): void {
    this.#proposed.set(name, { value, segment });
  }

  /** The target did it. */
  confirm(name: string, value: T | null): void {
    this.#settle(name, value);
    if (value === null) this.#confirmed.delete(name);
    else this.#confirmed.set(name, value);
  }

  /** The target failed or never looked at it. */
  refuse(name: string, value: T | null): void {
    this.#settle(name, value);
  }

  #settle(name: string, value: T | null): void {
    const proposed = this.#proposed.get(name);
    if (proposed !== undefined && proposed.value === value) this.#proposed.delete(name);
  }

  /** What the name means to a message of this segment; `unsettled`: wait for the target's replies first. */
  get(name: string, segment: number): { readonly value: T | null } | "unsettled" {
    const proposed = this.#proposed.get(name);
    if (proposed === undefined) return { value: this.#confirmed.get(name) ?? null };
    return proposed.segment === segment ? { value: proposed.value } : "unsettled";
  }

  /** Whether some name waits for the target. */
  get unsettled(): boolean {
    return this.#proposed.size > 0;
  }

  get size(): number {
    return this.#confirmed.size + this.#proposed.size;
  }

  confirmed(): IterableIterator<[string, T]> {
    return this.#confirmed.entries();
  }

  forget(name: string): void {
    this.#confirmed.delete(name);
  }

  /** The target dropped all that it had; what was sent since still stands. */
  forgetAll(): void {
    this.#confirmed.clear();
  }
}
