import { Readable } from "node:stream";
import fc from "fast-check";
import { parse } from "pg-protocol";
import { expect, test } from "vitest";
import { MalformedError } from "../../../wire/index.js";
import { type FrameFate, type FrameHandler, FrameWalker } from "./frames.js";

const frame = (type: string, body: Buffer): Buffer => {
  const header = Buffer.alloc(5);
  header.write(type, 0, "latin1");
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
};

/** Fates by type letter; records what happens. */
class Recorder implements FrameHandler {
  readonly seen: string[] = [];
  readonly passed: Buffer[] = [];
  constructor(readonly fates: Record<string, FrameFate>) {}
  fate(type: number): FrameFate {
    return this.fates[String.fromCharCode(type)] ?? "stream";
  }
  frame(type: number, bytes: Buffer, at: number, length: number): boolean {
    this.seen.push(`${String.fromCharCode(type)}${bytes.subarray(at + 5, at + length).toString("hex")}`);
    return type === 0x5a;
  }
  after(): void {
    this.seen.push("after");
  }
  pass(bytes: Buffer): void {
    this.passed.push(Buffer.from(bytes));
  }
  blocked(): boolean {
    return false;
  }
}

const frames = fc.array(
  fc.tuple(
    fc.constantFrom("D", "C", "Z", "E", "X", "N"),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  ),
  { maxLength: 12 },
);
const fates: Record<string, FrameFate> = { D: "stream", C: "peek", Z: "peek", E: "take", X: "skip", N: "stream" };

test("at every cut: the same frames are seen, and the same bytes pass", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(400), { maxLength: 8 }), (list, cuts) => {
      const bytes = Buffer.concat(list.map(([type, body]) => frame(type, body)));
      const whole = new Recorder(fates);
      new FrameWalker(1000).walk(Buffer.from(bytes), whole);
      const cut = new Recorder(fates);
      const walker = new FrameWalker(1000);
      const at = [0, ...cuts.map((n) => Math.min(n, bytes.length)).sort((a, b) => a - b), bytes.length];
      for (let i = 1; i < at.length; i++)
        expect(walker.walk(Buffer.from(bytes.subarray(at[i - 1], at[i])), cut)).toBeNull();
      expect(cut.seen).toEqual(whole.seen);
      const expected = list.filter(([type]) => type !== "E" && type !== "X").map(([type, body]) => frame(type, body));
      expect(Buffer.concat(whole.passed)).toEqual(Buffer.concat(expected));
      expect(Buffer.concat(cut.passed)).toEqual(Buffer.concat(expected));
      expect(walker.held).toBe(0);
      expect(walker.atBoundary).toBe(true);
    }),
  );
});

test("frames are cut as pg-protocol cuts them", async () => {
  const row = (text: string) => {
    const value = Buffer.from(text);
    const head = Buffer.alloc(6);
    head.writeInt16BE(1);
    head.writeInt32BE(value.length, 2);
    return frame("D", Buffer.concat([head, value]));
  };
  const bytes = Buffer.concat([
    row("one"),
    row("two"),
    frame("C", Buffer.from("SELECT 2\0")),
    frame("Z", Buffer.from("I")),
  ]);
  const names: string[] = [];
  await parse(Readable.from([bytes]), (message) => names.push(message.name));
  const recorder = new Recorder({ D: "take", C: "take", Z: "take" });
  new FrameWalker(1000).walk(bytes, recorder);
  const letters: Record<string, string> = { dataRow: "D", commandComplete: "C", readyForQuery: "Z" };
  expect(recorder.seen.map((seen) => seen[0])).toEqual(names.map((name) => letters[name]));
});

test("a thousand untouched rows leave as one view of the chunk", () => {
  const bytes = Buffer.concat(Array.from({ length: 1000 }, (_, i) => frame("D", Buffer.from(`row ${i}`))));
  const views: Buffer[] = [];
  const recorder = new Recorder(fates);
  recorder.pass = (view) => views.push(view);
  new FrameWalker(100).walk(bytes, recorder);
  expect(views).toHaveLength(1);
  expect(views[0]!.buffer).toBe(bytes.buffer);
  expect(views[0]).toHaveLength(bytes.length);
});

test("what streams is never kept, however long it is said to be", () => {
  const walker = new FrameWalker(100);
  const recorder = new Recorder(fates);
  const header = Buffer.from([0x44, 0x3f, 0xff, 0xff, 0xff]);
  walker.walk(header, recorder);
  for (let i = 0; i < 10; i++) walker.walk(Buffer.alloc(1000), recorder);
  expect(walker.held).toBe(0);
  expect(walker.atBoundary).toBe(false);
  expect(Buffer.concat(recorder.passed)).toHaveLength(10_005);
});

test("a length is refused before its memory is taken", () => {
  const long = Buffer.from([0x45, 0x3f, 0xff, 0xff, 0xff]);
  expect(() => new FrameWalker(100).walk(long, new Recorder(fates))).toThrow(MalformedError);
  for (const word of [0, 1, 2, 3, -1]) {
    const bytes = Buffer.alloc(5, 0x45);
    bytes.writeInt32BE(word, 1);
    expect(() => new FrameWalker(100).walk(bytes, new Recorder(fates))).toThrow(/impossible length/);
  }
});

test("a blocked walk gives back what it has not looked at", () => {
  const recorder = new Recorder({ Q: "take" });
  recorder.blocked = () => recorder.seen.length > 0;
  const rest = new FrameWalker(100).walk(
    Buffer.concat([frame("Q", Buffer.from("a")), frame("Q", Buffer.from("b"))]),
    recorder,
  );
  expect(recorder.seen).toEqual(["Q61"]);
  expect(rest).toEqual(frame("Q", Buffer.from("b")));
});
