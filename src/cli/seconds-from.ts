import { HoopError } from "../vocabulary/index.js";

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `15m`, `2h`, `1d` as seconds. */
export function secondsFrom(duration: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(duration);
  if (!match)
    throw new HoopError("invalid", `${JSON.stringify(duration)} is not a duration`, {
      hint: "write it like 15m, 2h or 1d",
    });
  return Number(match[1]) * units[match[2]!]!;
}
