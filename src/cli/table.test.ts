import { describe, expect, it } from "vitest";
import { printable } from "./output.js";
import { ago, facts, table } from "./table.js";

describe("text for people", () => {
  it("never moves the cursor, changes the terminal or turns the writing round", () => {
    expect(printable("a\x1b]0;title\x07b\u202ec\x9b2Jd")).toBe("a\\x1b]0;title\\x07b\\x202ec\\x9b2Jd");
    expect(printable("two\nlines\tand tab")).toBe("two\nlines\tand tab");
  });

  it("stands in columns, one row a line", () => {
    expect(
      table(
        [
          { a: "x\ny", b: 1 },
          { a: "longer", b: null },
        ],
        [
          { title: "a", value: (row) => row.a },
          { title: "b", value: (row) => row.b },
        ],
      ),
    ).toBe("A       B\nx y     1\nlonger");
    expect(table([], [], "nothing")).toBe("nothing");
    expect(
      facts([
        ["one", 1],
        ["three", null],
        ["fourth", "x"],
      ]),
    ).toBe("one:    1\nfourth: x");
  });

  it("tells times from now", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    expect([
      ago("2025-12-31T23:57:00Z", now),
      ago("2026-01-01T05:00:00Z", now),
      ago("2026-01-01T00:00:02Z", now),
      ago(null),
    ]).toEqual(["3 min ago", "in 5 h", "in 2 s", ""]);
  });
});
