import { expect, it } from "vitest";
import { Cast } from "./cast.js";

function cast() {
  let now = 1_000_000;
  const pieces: string[] = [];
  const made = new Cast(
    { now: () => now, write: (part, text) => void pieces.splice(part, 1, text) },
    { columns: 80, rows: 24, term: "xterm" },
  );
  return {
    made,
    pieces,
    later(ms: number) {
      now += ms;
    },
    lines: () =>
      pieces
        .join("")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
  };
}

it("is a header, then events with their time, resizes and markers among them", () => {
  const { made, later, lines } = cast();
  later(1500);
  made.output(Buffer.from("$ "));
  made.resized(100, 40);
  made.marker("enter");
  made.end();
  expect(lines()).toEqual([
    { version: 2, width: 80, height: 24, timestamp: 1000, env: { TERM: "xterm" } },
    [1.5, "o", "$ "],
    [1.5, "r", "100x40"],
    [1.5, "m", "enter"],
  ]);
});

it("keeps characters whole that arrive in two pieces", () => {
  const { made, lines } = cast();
  const bytes = Buffer.from("é€😀");
  for (const byte of bytes) made.output(Buffer.of(byte));
  made.end();
  expect(
    lines()
      .slice(1)
      .map(([, , text]) => text)
      .join(""),
  ).toBe("é€😀");
});

it("a flood is written in pieces of bounded size", () => {
  const { made, pieces, lines } = cast();
  for (let n = 0; n < 100; n++) made.output(Buffer.alloc(8_192, "y"));
  made.end();
  expect(pieces.length).toBeGreaterThan(5);
  for (const piece of pieces) expect(piece.length).toBeLessThan(64 * 1024 + 10_000);
  expect(
    lines()
      .slice(1)
      .reduce((sum, [, , text]) => sum + text.length, 0),
  ).toBe(819_200);
});
