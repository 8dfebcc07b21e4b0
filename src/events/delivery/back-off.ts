/** Attempts before a delivery is given up: two to three hours of a receiver that is away. */
export const maxAttempts = 15;
const firstMs = 1_000;
const longestMs = 60 * 60_000;

/** How long to wait after that many attempts, with jitter: receivers that come back are not met by everybody at once. */
export function backOffMs(attempts: number, random: () => number = Math.random): number {
  const step = Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 30));
  return Math.round(step * (0.5 + random() / 2));
}
