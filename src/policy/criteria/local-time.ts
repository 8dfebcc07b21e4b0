/** A weekday (0 is Sunday) and minutes since midnight, on the clocks of one zone. */
export interface LocalTime {
  readonly day: number;
  readonly minute: number;
}

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const formats = new Map<string, Intl.DateTimeFormat>();
// Offsets change on whole minutes, and many rules ask for the same minute: one answer a zone is enough.
const latest = new Map<string, { epochMinute: number; local: LocalTime }>();

/** What clocks in that zone show. The zone must be valid: `isZone`. */
export function localTime(zone: string, now: number): LocalTime {
  const epochMinute = Math.floor(now / 60_000);
  const known = latest.get(zone);
  if (known?.epochMinute === epochMinute) return known.local;
  const parts = new Map(
    formatOf(zone)
      .formatToParts(epochMinute * 60_000)
      .map(({ type, value }) => [type, value]),
  );
  const local = {
    day: weekdays.indexOf(parts.get("weekday")!),
    minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")),
  };
  latest.set(zone, { epochMinute, local });
  return local;
}

export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(zone, format);
  }
  return format;
}
