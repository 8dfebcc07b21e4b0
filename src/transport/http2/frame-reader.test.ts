import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rawFrame } from "../../../test/transport/raw-frames.js";
import { clientPreface, errorCode } from "./constants.js";
import { Http2Error } from "./error.js";
import { FrameReader, type FrameReaderLimits, type FrameSink } from "./frame-reader.js";

const limits: FrameReaderLimits = { maxFrame: 20_000, maxHeaderBlock: 600, maxContinuations: 4, maxControl: 64 };
const never = () => false;

/** What the reader tells of these chunks, in words; pieces of data put together. */
function read(chunks: readonly Buffer[], preface = false): string[] {
  const told: string[] = [];
  let data: Buffer[] = [];
  const sink: FrameSink = {
    dataBegins: (stream, length) => void told.push(`data ${stream} ${length}`),
    data: (chunk, from, to) => void data.push(Buffer.from(chunk.subarray(from, to))),
    dataEnds(end) {
      told.push(`${Buffer.concat(data).toString("hex")}${end ? " end" : ""}`);
      data = [];
    },
    headers: (stream, end, block) => void told.push(`headers ${stream} ${end} ${block.toString("hex")}`),
    frame: (type, flags, stream, payload) => void told.push(`${type} ${flags} ${stream} ${payload.toString("hex")}`),
    ignored: (type) => void told.push(`ignored ${type}`),
  };
  const reader = new FrameReader(sink, limits, preface);
  try {
    for (const chunk of chunks) reader.push(chunk, 0, never);
  } catch (error) {
    if (!(error instanceof Http2Error)) throw error;
    told.push(`refused with ${error.code}`);
  }
  return told;
}

const payload = fc.uint8Array({ maxLength: 80 });
const anyFrame = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: 11 }), fc.constantFrom(0, 0, 1, 9)),
    fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 4, 8)),
    fc.integer({ min: 0, max: 5 }),
    fc.oneof(payload, fc.constantFrom(new Uint8Array(8), new Uint8Array(4), new Uint8Array(5), new Uint8Array(0))),
  )
  .map(([type, flags, stream, bytes]) => rawFrame(type, flags, stream, bytes));

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const end = at + (sizes[i % sizes.length] ?? 1);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

describe("the frame reader", () => {
  it("tells the same however the bytes are cut", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), sizes, (frames, cuts) => {
        const bytes = Buffer.concat(frames);
        const whole = read([bytes]);
        expect(read(cut(bytes, cuts))).toEqual(whole);
        expect(read(cut(bytes, [1]))).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  it("wants the preface of a client, at once and whole", () => {
    const settings = rawFrame(4, 0, 0);
    for (let at = 1; at < clientPreface.length; at++) {
      const bytes = Buffer.concat([clientPreface, settings]);
      expect(read([bytes.subarray(0, at), bytes.subarray(at)], true)).toEqual(["4 0 0 "]);
      const wrong = Buffer.from(bytes);
      wrong[at] = wrong[at]! ^ 1;
      expect(read([wrong.subarray(0, at + 1)], true)).toEqual([`refused with ${errorCode.protocolError}`]);
    }
  });

  it("takes padding away, which may fill a frame but not more", () => {
    expect(read([rawFrame(0, 8, 1, Buffer.from("0268690000", "hex"))])).toEqual(["data 1 5", "6869"]);
    expect(read([rawFrame(0, 9, 1, Buffer.from("020000", "hex"))])).toEqual(["data 1 3", " end"]);
    expect(read([rawFrame(0, 8, 1, Buffer.from("00", "hex"))])).toEqual(["data 1 1", ""]);
    expect(read([rawFrame(0, 8, 1, Buffer.from("0300aa", "hex"))]).at(-1)).toBe("refused with 1");
    expect(read([rawFrame(1, 0x2c, 1, Buffer.from("01000000000a8200", "hex"))])).toEqual(["headers 1 false 82"]);
    expect(read([rawFrame(1, 0xc, 1, Buffer.from("0282", "hex"))])).toEqual(["refused with 1"]);
  });

  it("puts a header block together, and nothing may come in between", () => {
    const parts = [rawFrame(1, 1, 3, Buffer.from("82", "hex")), rawFrame(9, 4, 3, Buffer.from("86", "hex"))];
    expect(read([Buffer.concat(parts)])).toEqual(["headers 3 true 8286"]);
    for (const between of [
      rawFrame(6, 0, 0, Buffer.alloc(8)),
      rawFrame(9, 4, 5),
      rawFrame(0, 0, 3),
      rawFrame(250, 0, 0),
    ]) {
      expect(read([Buffer.concat([parts[0]!, between, parts[1]!])])).toEqual(["refused with 1"]);
    }
  });

  it.each([
    ["a frame beyond the limit", rawFrame(0, 0, 1, Buffer.alloc(20_001)), errorCode.frameSizeError],
    ["a header block beyond the limit", rawFrame(1, 4, 1, Buffer.alloc(601)), errorCode.enhanceYourCalm],
    [
      "a header block that grows beyond it",
      Buffer.concat([rawFrame(1, 0, 1, Buffer.alloc(400)), rawFrame(9, 4, 1, Buffer.alloc(300))]),
      errorCode.enhanceYourCalm,
    ],
    [
      "a header block in a thousand pieces",
      Buffer.concat([rawFrame(1, 0, 1), ...new Array(5).fill(rawFrame(9, 0, 1))]),
      errorCode.enhanceYourCalm,
    ],
    ["SETTINGS beyond the limit", rawFrame(4, 0, 0, Buffer.alloc(66)), errorCode.enhanceYourCalm],
    ["SETTINGS of half a setting", rawFrame(4, 0, 0, Buffer.alloc(5)), errorCode.frameSizeError],
    ["SETTINGS on a stream", rawFrame(4, 0, 1), errorCode.protocolError],
    ["PING of nine bytes", rawFrame(6, 0, 0, Buffer.alloc(9)), errorCode.frameSizeError],
    ["PING on a stream", rawFrame(6, 0, 1, Buffer.alloc(8)), errorCode.protocolError],
    ["GOAWAY that is too short", rawFrame(7, 0, 0, Buffer.alloc(7)), errorCode.frameSizeError],
    ["RST_STREAM on no stream", rawFrame(3, 0, 0, Buffer.alloc(4)), errorCode.protocolError],
    ["RST_STREAM of five bytes", rawFrame(3, 0, 1, Buffer.alloc(5)), errorCode.frameSizeError],
    ["WINDOW_UPDATE of three bytes", rawFrame(8, 0, 0, Buffer.alloc(3)), errorCode.frameSizeError],
    ["PRIORITY of four bytes", rawFrame(2, 0, 1, Buffer.alloc(4)), errorCode.frameSizeError],
    ["DATA on no stream", rawFrame(0, 0, 0, Buffer.alloc(1)), errorCode.protocolError],
    ["HEADERS on no stream", rawFrame(1, 4, 0, Buffer.alloc(1)), errorCode.protocolError],
    ["CONTINUATION of nothing", rawFrame(9, 4, 1, Buffer.alloc(1)), errorCode.protocolError],
    ["padded DATA without a byte", rawFrame(0, 8, 1), errorCode.frameSizeError],
  ])("refuses %s", (_what, bytes, code) => {
    expect(read([bytes]).at(-1)).toBe(`refused with ${code}`);
  });

  it("stops between frames when it is asked to, and goes on where it stopped", () => {
    const told: number[] = [];
    const sink: FrameSink = {
      dataBegins: (stream) => void told.push(stream),
      data() {},
      dataEnds() {},
      headers() {},
      frame() {},
      ignored() {},
    };
    const reader = new FrameReader(sink, limits, false);
    const bytes = Buffer.concat([1, 3, 5].map((stream) => rawFrame(0, 0, stream, Buffer.alloc(7))));
    for (let at = 0, round = 1; at < bytes.length; round++) {
      at = reader.push(bytes, at, () => told.length >= round);
      expect(told).toHaveLength(round);
      expect(at).toBe(round * 16);
    }
  });
});
