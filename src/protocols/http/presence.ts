/**
 * Whether the client is still there for its answer. What an AbortSignal would tell, without its price: each request has one, and
 * nearly none is ever left.
 */
export class Presence {
  #left = false;
  #listeners: (() => void)[] = [];
  #signal: AbortController | null = null;

  get left(): boolean {
    return this.#left;
  }

  /** For whoever wants a signal. */
  get signal(): AbortSignal {
    if (this.#signal === null) {
      this.#signal = new AbortController();
      if (this.#left) this.#signal.abort();
    }
    return this.#signal.signal;
  }

  /** The client is gone. Tells each listener once. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
    this.#signal?.abort();
  }

  /** Not called when the client has left already: look first. Returns the way to stop. */
  onLeave(listener: () => void): () => void {
    this.#listeners.push(listener);
    return () => {
      const at = this.#listeners.indexOf(listener);
      if (at >= 0) this.#listeners.splice(at, 1);
    };
  }
}
