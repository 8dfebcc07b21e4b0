import { expect, it } from "vitest";
import { ReadingTurns } from "./reading-turns.js";
import { ScreenReader } from "./screen-reader.js";

/** Time that passes only while somebody rests. */
function turns() {
  const rests: number[] = [];
  let now = 0;
  const made = new ReadingTurns({
    now: () => now,
    async rest(ms) {
      rests.push(ms);
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
  return { made, rests, elapsed: () => now };
}

const flood = (characters: number) => {
  const lines = ['{"version":2,"width":80,"height":24}'];
  for (let n = 0; n < characters; n += 4_000) lines.push(JSON.stringify([n / 4_000, "o", "y\r\n".repeat(1_333)]));
  return lines.join("\n");
};

async function frames(reader: ScreenReader, piece: string, read: () => void): Promise<void> {
  for await (const _ of reader.read(piece)) read();
  reader.close();
}

it("all screens together get so many characters a second, however many there are", async () => {
  const { made, rests, elapsed } = turns();
  const each = 400_000;
  await Promise.all([1, 2, 3].map(() => frames(new ScreenReader(undefined, made), flood(each), () => {})));
  // What is free at once is an eighth of a megabyte.
  expect(elapsed()).toBeGreaterThan(((3 * each - 150_000) * 1_000) / 2_000_000);
  // Each turn is a small one, and gives way.
  expect(rests.length).toBeGreaterThan((3 * each) / 20_000);
});

it("a screen on which little is shown waits for one turn of a flooding one, not for its end", async () => {
  const { made } = turns();
  const order: string[] = [];
  const flooding = frames(new ScreenReader(undefined, made), flood(400_000), () => order.push("flood"));
  const quiet = frames(new ScreenReader(undefined, made), `{"version":2}\n[0,"o","$ ls"]`, () => order.push("quiet"));
  await Promise.all([flooding, quiet]);
  expect(order.indexOf("quiet")).toBeLessThan(3);
});

it("a client that changes its size without end pays for it as for text, and only for the last of a row", async () => {
  const { made, rests, elapsed } = turns();
  const resizes = Array.from({ length: 3_000 }, (_, n) => `[0,"r","${300 + (n % 100)}x${100 + (n % 100)}"]`);
  await frames(new ScreenReader(undefined, made), ["{}", ...resizes, '[1,"o","x"]'].join("\n"), () => {});
  expect(rests).toHaveLength(1);
  const between = resizes.slice(0, 100).flatMap((resize) => [resize, '[1,"o","x"]']);
  await frames(new ScreenReader(undefined, made), between.join("\n"), () => {});
  expect(elapsed()).toBeGreaterThan(1_000);
});
