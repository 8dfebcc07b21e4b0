import { type FrameFate, type FrameHandler, FrameWalker } from "../../src/protocols/postgres/codec/frames.js";
import { MalformedError } from "../../src/wire/index.js";
import { Finding, type FuzzTarget, kindOf } from "../target.js";
import { recorded } from "./postgres-recorded.js";

const maxFrame = 4096;
const fates: readonly FrameFate[] = ["stream", "skip", "peek", "take"];

/** The walk over typed frames: the same frames and the same passed bytes however the stream is cut, nothing kept beyond its limit. */
export const postgresFrames: FuzzTarget = {
  name: "postgres-frames",
  seeds: () => [...recorded("client"), ...recorded("target")],
  run(input, random) {
    // Which type has which fate differs from run to run, not within one.
    const shift = random(4);
    const whole = walk([input], shift);
    const cuts: Buffer[] = [];
    for (let at = 0; at < input.length; ) {
      const end = at + 1 + random(random(2) ? 3 : 60);
      cuts.push(input.subarray(at, end));
      at = end;
    }
    const cut = walk(cuts, shift);
    if (whole.error !== cut.error) throw new Finding(`whole: ${whole.error}; cut: ${cut.error}`);
    if (whole.frames.join() !== cut.frames.join()) throw new Finding("other frames when cut");
    // Before an error, a run may have been under way that was not passed yet.
    if (whole.error === "" && !whole.passed.equals(cut.passed)) throw new Finding("other bytes passed when cut");
    if (whole.passed.length > input.length) throw new Finding("more was passed than came in");
    return `${whole.frames.length} ${whole.error}`;
  },
};

function walk(chunks: readonly Buffer[], shift: number): { frames: string[]; passed: Buffer; error: string } {
  const frames: string[] = [];
  const passed: Buffer[] = [];
  const handler: FrameHandler = {
    fate: (type) => fates[(type + shift) % fates.length]!,
    frame(type, bytes, at, length) {
      frames.push(`${type}:${bytes.toString("hex", at, at + length)}`);
      return type % 2 === 0;
    },
    after() {},
    pass: (bytes) => passed.push(Buffer.from(bytes)),
    blocked: () => false,
  };
  const walker = new FrameWalker(maxFrame);
  try {
    for (const chunk of chunks) {
      walker.walk(Buffer.from(chunk), handler);
      if (walker.held > maxFrame) throw new Finding(`${walker.held} bytes are held`);
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { frames, passed: Buffer.concat(passed), error: kindOf(error) };
  }
  return { frames, passed: Buffer.concat(passed), error: "" };
}
