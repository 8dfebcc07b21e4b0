const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Longest delay that a timer of Node takes. */
const maxTimerMs = 0x7fffffff;

/** `grpc-timeout` in milliseconds, rounded up; null: none; undefined: malformed. */
export function parseGrpcTimeout(header: string | undefined): number | null | undefined {
  if (header === undefined) return null;
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(header);
  if (match === null) return undefined;
  return Math.min(Math.ceil(Number(match[1]) * unitMs[match[2]!]!), maxTimerMs);
}

/** At most eight digits are allowed, so that long waits use coarser units. */
export function formatGrpcTimeout(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms));
  if (whole < 1e8) return `${whole}m`;
  return `${Math.min(Math.ceil(whole / 1000), 99_999_999)}S`;
}
