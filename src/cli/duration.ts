import { HoopError } from "../vocabulary/index.js";

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90m`, `2h`, `1d12h` in milliseconds. Throws HoopError `invalid`. */
export function durationFrom(text: string, what: string): number {
  const words = text.trim().toLowerCase();
  if (!/^(\d{1,6}[smhd])+$/.test(words))
    throw new HoopError(
      "invalid",
      `${what} is a duration like 90m, 2h or 1d, not ${JSON.stringify(text.slice(0, 32))}`,
    );
  let sum = 0;
  for (const [, amount, unit] of words.matchAll(/(\d+)([smhd])/g))
    sum += Number(amount) * units[unit as keyof typeof units];
  return sum;
}

/** `2 h`, `1 h 30 min`, for people. */
export function durationWords(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const parts = [
    [Math.floor(minutes / 1_440), "d"],
    [Math.floor((minutes % 1_440) / 60), "h"],
    [minutes % 60, "min"],
  ] as const;
  return (
    parts
      .filter(([amount]) => amount > 0)
      .map(([amount, unit]) => `${amount} ${unit}`)
      .join(" ") || `${Math.round(ms / 1_000)} s`
  );
}
