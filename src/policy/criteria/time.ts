import { z } from "zod";
import { answerOf } from "../answer.js";
import { manyOf, oneOf, strict } from "../schema.js";
import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";
import { isZone, localTime } from "./local-time.js";

const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

interface Window {
  readonly days: readonly number[] | null;
  /** Minutes since midnight; `to` may lie before `from`: past midnight, on the day it began. */
  readonly hours: { readonly from: number; readonly to: number; readonly text: string } | null;
  readonly zone: string;
}

const hoursSchema = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'expected hours such as "09:00-17:30"')
  .transform((text) => {
    const [from, to] = text.split("-").map((part) => Number(part.slice(0, 2)) * 60 + Number(part.slice(3)));
    return { from: from!, to: to!, text };
  })
  .refine(({ from, to }) => from !== to, "begins and ends at the same minute; leave hours out for the whole day");

/** `time: { days: [mon, tue], hours: "09:00-17:30", zone: Europe/Berlin }`. Hours past midnight belong to the day they began. */
export const time = criterion({
  name: "time",
  about: "clock",
  summary:
    "The statement comes within these days and hours, in this time zone (UTC if none is named). `22:00-06:00` goes past midnight and belongs to the day on which it began.",
  example: { days: ["mon", "tue", "wed", "thu", "fri"], hours: "09:00-17:30", zone: "Europe/Berlin" },
  data: strict({
    days: manyOf(oneOf(days).transform((word) => days.indexOf(word))).optional(),
    hours: hoursSchema.optional(),
    zone: z.string().max(64).refine(isZone, "not a time zone of the tz database, e.g. Europe/Berlin").optional(),
  })
    .refine((window) => window.days !== undefined || window.hours !== undefined, "say `days`, `hours` or both")
    .transform(
      (window): Window => ({ days: window.days ?? null, hours: window.hours ?? null, zone: window.zone ?? "UTC" }),
    ),
  test: (window, { now }) => {
    const { day, minute } = localTime(window.zone, now);
    const on = (which: number) => window.days === null || window.days.includes((which + 7) % 7);
    if (!window.hours) return answerOf(on(day));
    const { from, to } = window.hours;
    if (from < to) return answerOf(minute >= from && minute < to && on(day));
    return answerOf((minute >= from && on(day)) || (minute < to && on(day - 1)));
  },
  dependsOn: "clock",
  reasons: { yes: "time-matched", no: "time-not-matched", unknown: "time-unknown" },
  explain: (window) =>
    `comes ${[
      window.days ? `on ${joinOr(window.days.map((day) => days[day]!))}` : "",
      window.hours ? `at ${window.hours.text}` : "",
    ]
      .filter((word) => word !== "")
      .join(" ")} (${window.zone})`,
});
