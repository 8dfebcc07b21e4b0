const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** The time of day: inside of one session the order is what counts. */
export function EntryTime({ at }: { at: number }) {
  const time = new Date(at);
  return (
    <time className="entry-time" dateTime={time.toISOString()} title={absolute.format(time)}>
      {clock.format(time)}
    </time>
  );
}
