/** The timers of one session, one a name. */
export class Timers {
  readonly #due: (name: string) => void;
  readonly #set = new Map<string, NodeJS.Timeout>();

  constructor(due: (name: string) => void) {
    this.#due = due;
  }

  /** `at`, in milliseconds since the epoch, takes the place of what was set; null clears it. */
  set(name: string, at: number | null): void {
    clearTimeout(this.#set.get(name));
    this.#set.delete(name);
    if (at === null) return;
    const wait = Math.max(0, at - Date.now());
    this.#set.set(
      name,
      setTimeout(() => {
        this.#set.delete(name);
        this.#due(name);
      }, wait),
    );
  }

  clear(): void {
    for (const timer of this.#set.values()) clearTimeout(timer);
    this.#set.clear();
  }
}
