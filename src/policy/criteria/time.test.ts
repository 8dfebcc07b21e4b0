import { describe, expect, it } from "vitest";
import { ask, problemsOf } from "../testing/ask.js";
import { time } from "./time.js";

const at = (iso: string) => ({ now: Date.parse(iso) });

describe("time", () => {
  it.each([
    [{ hours: "09:00-17:30" }, "2026-01-05T09:00:00Z", "yes"],
    [{ hours: "09:00-17:30" }, "2026-01-05T17:29:59Z", "yes"],
    [{ hours: "09:00-17:30" }, "2026-01-05T17:30:00Z", "no"],
    [{ days: ["mon", "tue"] }, "2026-01-05T23:59:00Z", "yes"],
    [{ days: ["mon", "tue"] }, "2026-01-07T00:00:00Z", "no"],
    [{ hours: "09:00-24:00" }, "2026-01-05T23:59:59Z", "yes"],
    // Berlin is an hour ahead in winter, two in summer.
    [{ hours: "09:00-10:00", zone: "Europe/Berlin" }, "2026-01-05T08:30:00Z", "yes"],
    [{ hours: "09:00-10:00", zone: "Europe/Berlin" }, "2026-07-06T08:30:00Z", "no"],
    [{ hours: "09:00-10:00", zone: "Europe/Berlin" }, "2026-07-06T07:30:00Z", "yes"],
    // Monday in Tokyo begins on Sunday here.
    [{ days: "mon", zone: "Asia/Tokyo" }, "2026-01-04T15:00:00Z", "yes"],
    [{ days: "mon", zone: "Asia/Tokyo" }, "2026-01-04T14:59:00Z", "no"],
    // Past midnight belongs to the day on which it began: Friday's night ends on Saturday morning.
    [{ days: "fri", hours: "22:00-06:00" }, "2026-01-09T23:00:00Z", "yes"],
    [{ days: "fri", hours: "22:00-06:00" }, "2026-01-10T05:59:00Z", "yes"],
    [{ days: "fri", hours: "22:00-06:00" }, "2026-01-09T05:00:00Z", "no"],
    [{ days: "sat", hours: "22:00-06:00" }, "2026-01-11T01:00:00Z", "yes"],
    [{ days: "sun", hours: "22:00-06:00" }, "2026-01-12T01:00:00Z", "yes"],
    [{ hours: "22:00-06:00" }, "2026-01-09T12:00:00Z", "no"],
  ] as const)("%j at %s is %s", (window, when, answer) => {
    expect(ask(time, window, at(when))).toBe(answer);
  });

  it.each([
    [{}, "days"],
    [{ zone: "UTC" }, "days"],
    [{ hours: "9-17" }, "09:00-17:30"],
    [{ hours: "25:00-26:00" }, "09:00-17:30"],
    [{ hours: "09:00-09:00" }, "same minute"],
    [{ days: ["monday"] }, 'did you mean "mon"?'],
    [{ days: ["mon"], zone: "Europe/Berln" }, "time zone"],
  ] as const)("refuses %j", (window, told) => {
    expect(problemsOf(time, window)).toContain(told);
  });
});
