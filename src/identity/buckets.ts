/** One bucket a key, each with so much in it, filled again all the time: what is taken is limited, and nobody waits long. */
export interface Buckets {
  /** Whether something is left. */
  has(key: string): boolean;
  /** Takes one; false: nothing was left. */
  take(key: string): boolean;
}

export function createBuckets({
  most,
  perSecond,
  keys = 20_000,
  now = () => performance.now(),
}: {
  readonly most: number;
  readonly perSecond: number;
  readonly keys?: number;
  readonly now?: () => number;
}): Buckets {
  const buckets = new Map<string, { left: number; at: number }>();

  function filled(key: string): { left: number; at: number } {
    const at = now();
    const known = buckets.get(key);
    if (known === undefined) return { left: most, at };
    return { left: Math.min(most, known.left + ((at - known.at) / 1_000) * perSecond), at };
  }

  return {
    has: (key) => filled(key).left >= 1,
    take(key) {
      const bucket = filled(key);
      const taken = bucket.left >= 1;
      if (taken) bucket.left -= 1;
      // Set anew, so that the map's order is the order of use; the one that was used longest ago is full again most likely.
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > keys) buckets.delete(buckets.keys().next().value!);
      return taken;
    },
  };
}
