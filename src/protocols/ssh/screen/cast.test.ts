import { expect, it, vi } from "vitest";
import { Cast } from "./cast.js";

function cast(writes = true) {
  let now = 1_000_000;
  const pieces: string[] = [];
  const waiting: (() => void)[] = [];
  const brakes: boolean[] = [];
  const made = new Cast(
    {
      now: () => now,
      write: (part, text, written) => {
        pieces.splice(part, 1, text);
        if (writes) written();
        else waiting.push(written);
      },
      brake: (on) => void brakes.push(on),
    },
    { columns: 80, rows: 24, term: "xterm" },
  );
  return {
    made,
    pieces,
    waiting,
    brakes,
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

it("a journal that is behind brakes the target, and lets it go on when it has caught up", () => {
  const { made, waiting, brakes } = cast(false);
  for (let n = 0; n < 200; n++) made.output(Buffer.alloc(8_192, "y"));
  expect(brakes).toEqual([true]);
  for (const written of waiting.splice(0)) written();
  expect(brakes).toEqual([true, false]);
});

it("a terminal that floods waits for its turn: far more than anybody reads goes at once, and the rest by and by", async () => {
  vi.useFakeTimers();
  try {
    const { made, brakes } = cast();
    const show = (kilobytes: number) => {
      for (let n = 0; n < kilobytes; n += 32) made.output(Buffer.alloc(32 * 1024, "y"));
    };
    show(2_048);
    expect(brakes).toEqual([]);
    show(1_024);
    expect(brakes).toEqual([true]);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(brakes).toEqual([true, false]);
  } finally {
    vi.useRealTimers();
  }
});
