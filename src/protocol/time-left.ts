const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How long it is from now until then, as people say it: `40 seconds`, `29 minutes`, `1 hour 20 minutes`, `2 days 3 hours`. */
export function timeLeft(until: number, now: number): string {
  const ms = Math.max(until - now, 0);
  if (ms < 90 * second) return counted(Math.ceil(ms / second), "second");
  // Rounded to what is shown before it is split, so that nothing says 60 minutes.
  const shown = ms < day ? Math.round(ms / minute) * minute : Math.round(ms / hour) * hour;
  if (shown < hour) return counted(shown / minute, "minute");
  const [large, small] = shown < day ? ([hour, minute] as const) : ([day, hour] as const);
  const whole = counted(Math.floor(shown / large), large === day ? "day" : "hour");
  const rest = (shown % large) / small;
  return rest === 0 ? whole : `${whole} ${counted(rest, small === hour ? "hour" : "minute")}`;
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
