/**
 * Windows roll: an hour is the last twelve buckets of five minutes, a day the last twenty-four of an hour. So a budget that was
 * used up comes back bit by bit, and nobody gets twice of it around a full hour.
 */
export const spans = {
  hour: { bucketMs: 5 * 60_000, buckets: 12 },
  day: { bucketMs: 60 * 60_000, buckets: 24 },
} as const;

export type Span = keyof typeof spans;

export function bucketAt(span: Span, now: number): number {
  return Math.floor(now / spans[span].bucketMs);
}

/** The oldest bucket that still counts. */
export function oldestAt(span: Span, now: number): number {
  return bucketAt(span, now) - spans[span].buckets + 1;
}

/** When what was counted in a bucket counts no longer, milliseconds since the epoch. */
export function endOf(span: Span, bucket: number): number {
  const { bucketMs, buckets } = spans[span];
  return (bucket + buckets) * bucketMs;
}
