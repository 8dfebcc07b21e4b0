import { z } from "zod";

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `15m`, `2h`, `7d`, as milliseconds; never more than `most`. */
export function durationSchema(most: string): z.ZodType<number, unknown> {
  const limit = milliseconds(most);
  return z
    .string("expected a time such as 15m")
    .regex(/^[1-9]\d{0,6}[smhd]$/, "expected a time such as 90s, 15m, 2h or 7d")
    .transform(milliseconds)
    .refine((ms) => ms <= limit, `is longer than ${most}`);
}

function milliseconds(text: string): number {
  return Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units];
}

/** The longest unit that divides it: `15m`, `90s`. */
export function durationText(ms: number): string {
  for (const unit of ["d", "h", "m"] as const) if (ms % units[unit] === 0) return `${ms / units[unit]}${unit}`;
  return `${Math.round(ms / 1000)}s`;
}
