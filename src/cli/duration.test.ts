import { expect, test } from "vitest";
import { durationFrom, durationWords } from "./duration.js";

test("durations are read and shown", () => {
  expect(durationFrom("90m", "--for")).toBe(5_400_000);
  expect(durationFrom(" 1D12h ", "--for")).toBe(129_600_000);
  for (const wrong of ["", "2", "h", "-1h", "1.5h", "2 h", "9999999h"])
    expect(() => durationFrom(wrong, "--for"), wrong).toThrow("--for is a duration");
  expect(durationWords(129_600_000)).toBe("1 d 12 h");
  expect(durationWords(5_400_000)).toBe("1 h 30 min");
  expect(durationWords(20_000)).toBe("20 s");
});
