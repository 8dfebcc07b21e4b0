import { oldestAt, type Span } from "./span.js";

interface Slot {
  /** What the store said last, all replicas together. */
  stored: number;
  /** Counted here and not told to the store yet. */
  unsent: number;
}

/** One number over a rolling window. */
export class Counter {
  readonly #slots = new Map<number, Slot>();

  add(bucket: number, amount: number): void {
    this.#slot(bucket).unsent += amount;
  }

  /** The store's word on a bucket; what is still unsent is on top of it. */
  learn(bucket: number, stored: number): void {
    this.#slot(bucket).stored = stored;
  }

  used(oldest: number): number {
    let sum = 0;
    for (const [bucket, slot] of this.#slots) {
      if (bucket < oldest) this.#slots.delete(bucket);
      else sum += slot.stored + slot.unsent;
    }
    return sum;
  }

  /** What stands in each bucket. */
  *standing(): Generator<readonly [bucket: number, used: number]> {
    for (const [bucket, { stored, unsent }] of this.#slots) yield [bucket, stored + unsent];
  }

  /** Hands out what the store does not know; from here on it counts as stored, and comes back by `unsend` if it failed. */
  *send(): Generator<readonly [bucket: number, amount: number]> {
    for (const [bucket, slot] of this.#slots) {
      if (slot.unsent === 0) continue;
      const amount = slot.unsent;
      slot.stored += amount;
      slot.unsent = 0;
      yield [bucket, amount];
    }
  }

  unsend(bucket: number, amount: number): void {
    const slot = this.#slot(bucket);
    slot.stored -= amount;
    slot.unsent += amount;
  }

  get empty(): boolean {
    return this.#slots.size === 0;
  }

  #slot(bucket: number): Slot {
    let slot = this.#slots.get(bucket);
    if (slot === undefined) {
      slot = { stored: 0, unsent: 0 };
      this.#slots.set(bucket, slot);
    }
    return slot;
  }
}

/** Different people over a rolling window, by digest; full sets count no further. */
export class SubjectCounter {
  /** The newest bucket in which each was seen. */
  readonly #seen = new Map<string, number>();
  readonly #unsent = new Map<string, number>();
  #oldest = Number.NEGATIVE_INFINITY;

  /** Whether it was new in this bucket. */
  see(bucket: number, subject: string): boolean {
    if ((this.#seen.get(subject) ?? -1) >= bucket) return false;
    if (this.#seen.size >= maxSubjects && !this.#seen.has(subject)) return false;
    this.#seen.set(subject, bucket);
    this.#unsent.set(subject, bucket);
    return true;
  }

  knows(subject: string): boolean {
    return this.#seen.has(subject);
  }

  /** How many were last seen in each bucket. */
  *standing(): Generator<readonly [bucket: number, used: number]> {
    const counts = new Map<number, number>();
    for (const bucket of this.#seen.values()) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    yield* counts;
  }

  learn(bucket: number, subject: string): void {
    if (this.#seen.size >= maxSubjects && !this.#seen.has(subject)) return;
    this.#seen.set(subject, Math.max(bucket, this.#seen.get(subject) ?? bucket));
  }

  used(oldest: number): number {
    // A look at each costs too much for a statement; nothing grows old between two buckets.
    if (oldest > this.#oldest) {
      this.#oldest = oldest;
      for (const [subject, bucket] of this.#seen) if (bucket < oldest) this.#seen.delete(subject);
    }
    return this.#seen.size;
  }

  *send(): Generator<readonly [bucket: number, subject: string]> {
    for (const [subject, bucket] of this.#unsent) yield [bucket, subject];
    this.#unsent.clear();
  }

  unsend(bucket: number, subject: string): void {
    this.#unsent.set(subject, bucket);
  }

  get empty(): boolean {
    return this.#seen.size === 0;
  }
}

/** A limit above this cannot be told from it; documents with more are refused. */
export const maxSubjects = 100_000;

export type AnyCounter = Counter | SubjectCounter;

export function usedNow(counter: AnyCounter, span: Span | "session", now: number): number {
  return counter.used(span === "session" ? 0 : oldestAt(span, now));
}

/** The bucket whose end leaves less than `limit`; null: there is less already. */
export function freeingBucket(counter: AnyCounter, limit: number): number | null {
  const buckets = [...counter.standing()].sort(([a], [b]) => a - b);
  let used = buckets.reduce((sum, [, amount]) => sum + amount, 0);
  let freed: number | null = null;
  for (const [bucket, amount] of buckets) {
    if (used < limit) break;
    used -= amount;
    freed = bucket;
  }
  return freed;
}
