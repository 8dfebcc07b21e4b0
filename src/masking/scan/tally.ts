import { Effort } from "./effort.js";

/** How often each kind of value was found since it was last asked. Kinds are names of detectors and of users' patterns. */
export class Tally {
  /** What it cost to find them. */
  readonly effort: Effort;
  #counts: Record<string, number> | null = null;

  constructor(effort: Effort = new Effort()) {
    this.effort = effort;
  }

  add(kind: string, times = 1): void {
    this.#counts ??= Object.create(null) as Record<string, number>;
    this.#counts[kind] = (this.#counts[kind] ?? 0) + times;
  }

  /** Adds what another one counted. */
  merge(other: Tally): void {
    for (const [kind, count] of Object.entries(other.#counts ?? {})) this.add(kind, count);
  }

  /** The counts so far, and starts anew; undefined: nothing was found. */
  take(): Readonly<Record<string, number>> | undefined {
    const counts = this.#counts;
    this.#counts = null;
    return counts === null ? undefined : { ...counts };
  }
}
