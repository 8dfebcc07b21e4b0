import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedError } from "../../wire/index.js";
import { FrameDecoder } from "./frame-decoder.js";
import { endFrame, maxFrameHeader, writeFrameHeader } from "./frame-encoder.js";
import { AbortSchema, type Frame, FrameSchema } from "./gen/hoop/v1/frame_pb.js";

function prefixed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const frame = (init: Partial<Omit<Frame, "$typeName">>) => prefixed(toBinary(FrameSchema, create(FrameSchema, init)));

function encode(payload: Buffer): Buffer {
  const header = Buffer.alloc(maxFrameHeader);
  return Buffer.concat([header.subarray(0, writeFrameHeader(header, 0, payload.length)), payload]);
}

function decode(chunks: readonly Buffer[]) {
  const told = { data: [] as Buffer[], ends: 0, aborts: [] as Buffer[] };
  const decoder = new FrameDecoder({
    data: (chunk) => told.data.push(Buffer.from(chunk)),
    end: () => told.ends++,
    abort: (message) => told.aborts.push(Buffer.from(message)),
  });
  for (const chunk of chunks) decoder.push(chunk);
  decoder.finish();
  return { ...told, data: Buffer.concat(told.data) };
}

describe("the frame encoder", () => {
  it.each([0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])("agrees with protobuf at %d bytes", (length) => {
    const data = Buffer.alloc(length, 7);
    // proto3 leaves an empty field out; ours is never asked for one.
    if (length > 0) expect(encode(data).equals(frame({ data }))).toBe(true);
    expect(decode([encode(data)]).data.equals(data)).toBe(true);
  });

  it("agrees with protobuf about the end", () => expect(endFrame.equals(frame({ end: true }))).toBe(true));
});

describe("the frame decoder", () => {
  const abort = toBinary(AbortSchema, create(AbortSchema, { status: 7, text: "no" }));
  const stream = Buffer.concat([
    encode(Buffer.from("select 1")),
    prefixed(new Uint8Array()),
    encode(Buffer.alloc(300, 0x61)),
    // Fields of a later version: a varint, a fixed64, a string and a fixed32, around the data.
    prefixed(
      Buffer.concat([
        Buffer.from([0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
        Buffer.from([0x29, 1, 2, 3, 4, 5, 6, 7, 8]),
        Buffer.from([0x32, 3, 0x78, 0x79, 0x7a]),
        Buffer.from([0x0a, 2, 0x6f, 0x6b]),
        Buffer.from([0x3d, 1, 2, 3, 4]),
        Buffer.from([0x42, 0]),
      ]),
    ),
    prefixed(Buffer.from([0x10, 1, 0x0a, 1, 0x21])),
  ]);
  const expected = Buffer.concat([Buffer.from("select 1"), Buffer.alloc(300, 0x61), Buffer.from("ok!")]);

  it("reads the same at every split in two", () => {
    for (let at = 0; at <= stream.length; at++) {
      const read = decode([stream.subarray(0, at), stream.subarray(at)]);
      expect(read.data.equals(expected)).toBe(true);
      expect(read.ends).toBe(1);
    }
  });

  it("reads the same byte by byte", () => {
    const read = decode([...stream].map((byte) => Buffer.from([byte])));
    expect(read.data.equals(expected)).toBe(true);
    expect(read.ends).toBe(1);
  });

  it("reads an abort at every split", () => {
    const bytes = prefixed(Buffer.concat([Buffer.from([0x1a, abort.length]), abort]));
    for (let at = 0; at <= bytes.length; at++) {
      expect(decode([bytes.subarray(0, at), bytes.subarray(at)]).aborts).toEqual([Buffer.from(abort)]);
    }
  });

  it("reads what protobuf writes, in any chunks", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }),
        (payloads, sizes) => {
          const wire = Buffer.concat(payloads.map((data) => frame({ data })));
          const chunks: Buffer[] = [];
          for (let at = 0, i = 0; at < wire.length; i++) {
            const size = sizes[i % sizes.length]!;
            chunks.push(wire.subarray(at, at + size));
            at += size;
          }
          expect(decode(chunks).data.equals(Buffer.concat(payloads))).toBe(true);
        },
      ),
    );
  });

  it("ends random bytes in MalformedError or nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode([Buffer.from(bytes)]);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["a compressed message", [1, 0, 0, 0, 0]],
    ["a message beyond the limit", [0, 0xff, 0xff, 0xff, 0xff]],
    ["a field that runs over its message", [0, 0, 0, 0, 2, 0x0a, 5]],
    ["a varint that runs over its message", [0, 0, 0, 0, 2, 0x10, 0x80, 1]],
    ["a fixed field that runs over its message", [0, 0, 0, 0, 3, 0x29, 1, 2]],
    ["data twice", [0, 0, 0, 0, 6, 0x0a, 1, 1, 0x0a, 1, 2]],
    ["data after the end", [...endFrame, ...encode(Buffer.from("x"))]],
    ["a number that does not end", [0, 0, 0, 0, 12, 0x20, ...Array(11).fill(0xff)]],
    ["a length beyond what a number holds", [0, 0, 0, 0, 12, 0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ["data that is not bytes", [0, 0, 0, 0, 2, 0x08, 1]],
    ["an end that is not a number", [0, 0, 0, 0, 2, 0x12, 0]],
    ["a group", [0, 0, 0, 0, 1, 0x23]],
    ["field number nought", [0, 0, 0, 0, 2, 0x00, 1]],
    ["an endless reason", [0, 0, 0, 0xff, 0xff, 0x1a, 0xf0, 0xff, 3]],
    ["half a message", [0, 0, 0, 0, 4, 0x0a, 2, 1]],
    ["half a prefix", [0, 0]],
  ])("refuses %s", (_name, bytes) => {
    expect(() => decode([Buffer.from(bytes as number[])])).toThrow(MalformedError);
  });
});
