const remembered = 4096;

/** The last streams that were reset: what the peer had sent before it knew is still on its way. */
export class RecentResets {
  readonly #ids = new Set<number>();

  add(id: number): void {
    this.#ids.add(id);
    if (this.#ids.size > remembered) this.#ids.delete(this.#ids.values().next().value!);
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }
}
