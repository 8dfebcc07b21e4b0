import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeadWatch } from "./head-watch.js";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
function frame(type: number, flags: number, length: number): Buffer {
  const head = Buffer.from([0, 0, 0, type, flags, 0, 0, 0, 1]);
  head.writeUIntBE(length, 0, 3);
  return Buffer.concat([head, Buffer.alloc(length)]);
}

describe("the watch over heads of HTTP/2", () => {
  it("is open from the first byte of a header block to the last of its end", () => {
    const watch = new HeadWatch();
    watch.push(Buffer.concat([preface, frame(4, 0, 18)]));
    expect(watch.open).toBe(false);
    const headers = frame(1, 0, 10);
    watch.push(headers.subarray(0, 12));
    expect(watch.open).toBe(true);
    watch.push(headers.subarray(12));
    expect(watch.open).toBe(true);
    watch.push(frame(9, 0, 5));
    expect(watch.open).toBe(true);
    watch.push(frame(9, 4, 0));
    expect(watch.open).toBe(false);
  });

  it("takes no notice of a body that comes slowly", () => {
    const watch = new HeadWatch();
    watch.push(Buffer.concat([preface, frame(1, 4, 7), frame(0, 0, 1_000).subarray(0, 500)]));
    expect(watch.open).toBe(false);
    watch.push(Buffer.alloc(509));
    expect(watch.open).toBe(false);
    watch.push(frame(0, 1, 3).subarray(0, 4));
    expect(watch.open).toBe(true);
  });

  it("says the same however the bytes are split", () => {
    const one = fc.record({
      type: fc.constantFrom(0, 1, 3, 4, 8, 9),
      flags: fc.constantFrom(0, 1, 4, 5),
      length: fc.nat(40),
    });
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (frames, cuts) => {
          const bytes = Buffer.concat([
            preface,
            ...frames.map(({ type, flags, length }) => frame(type, flags, length)),
          ]);
          const whole = new HeadWatch();
          whole.push(bytes);
          const split = new HeadWatch();
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const step = cuts[turn % cuts.length]!;
            split.push(bytes.subarray(at, at + step));
            at += step;
          }
          expect(split.open).toBe(whole.open);
          const last = frames.filter(({ type }) => type === 1 || type === 9).at(-1);
          expect(whole.open).toBe(last !== undefined && (last.flags & 4) === 0);
        },
      ),
    );
  });
});
