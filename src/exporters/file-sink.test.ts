import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFileSink } from "./file-sink.js";
import type { Line } from "./line.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hoop-file-sink-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, "out.jsonl");
const text = () => readFileSync(file(), "utf8");
const line = (n: number): Line => ({
  source: "events",
  id: `e-${n}`,
  time: n,
  type: "statement.denied",
  severity: "info",
  json: JSON.stringify({ id: `e-${n}`, text: "é".repeat(n) }),
});
const json = (...numbers: number[]) => numbers.map((n) => `${line(n).json}\n`).join("");

async function send(...numbers: number[]): Promise<void> {
  const sink = createFileSink(
    { kind: "file", path: "out.jsonl", maxBytes: 64 * 1024, keep: 2 },
    {
      fileRoot: folder,
      secret: null,
      now: Date.now,
      hostname: "gw",
      lookup: () => {
        throw new Error("looks nothing up");
      },
    },
  );
  await sink.send(numbers.map(line), AbortSignal.timeout(5_000));
  await sink.close();
}

test("lines that a crash left without their cursor are not written twice when they are sent again", async () => {
  await send(1, 2, 3);
  await send(1, 2, 3, 4);
  expect(text()).toBe(json(1, 2, 3, 4));
  await send(3, 4);
  expect(text()).toBe(json(1, 2, 3, 4));
});

test("a line that a crash left half is written whole when it is sent again", async () => {
  await send(1, 2);
  truncateSync(file(), Buffer.byteLength(json(1, 2)) - 5);
  const half = text();
  await send(1, 2, 3);
  expect(text()).toBe(`${half}\n${json(2, 3)}`);
});

test("what is no line of ours stands in nobody's way", async () => {
  await send(1);
  appendFileSync(file(), 'null\n7\n{"id":2}\n[]\n');
  await send(2);
  expect(text()).toBe(`${json(1)}null\n7\n{"id":2}\n[]\n${json(2)}`);
});
