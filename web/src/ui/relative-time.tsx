import { useNow } from "./use-now.js";

const steps = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
] as const satisfies readonly (readonly [Intl.RelativeTimeFormatUnit, number])[];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "long" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** `3 minutes ago`; the exact time when pointed at. `past`: what has happened is never ahead, whatever the clocks say. */
export function RelativeTime({ at, past = false }: { at: string | number; past?: boolean }) {
  const time = new Date(at);
  const seconds = (time.getTime() - useNow()) / 1_000;
  return (
    <time dateTime={time.toISOString()} title={absolute.format(time)} className="nowrap">
      {words(past ? Math.min(0, seconds) : seconds)}
    </time>
  );
}

function words(seconds: number): string {
  if (Math.abs(seconds) < 20) return seconds <= 0 ? "just now" : "in a moment";
  let amount = seconds;
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) return relative.format(Math.round(amount), unit);
    amount /= size;
  }
  return relative.format(Math.round(amount), "year");
}
