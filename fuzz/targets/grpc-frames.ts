import { fromBinary } from "@bufbuild/protobuf";
import { FrameDecoder } from "../../src/transport/grpc/frame-decoder.js";
import { FrameSchema } from "../../src/transport/grpc/gen/hoop/v1/frame_pb.js";
import { MalformedError } from "../../src/wire/index.js";
import { Finding, type FuzzTarget, kindOf } from "../target.js";

/** Lane frames: however the bytes are cut, the same comes out; what is refused is refused at the same byte. */
export const grpcFrames: FuzzTarget = {
  name: "grpc-frames",
  seeds: () => [
    framed(Buffer.from("\x0a\x05hello", "latin1")),
    Buffer.concat([framed(Buffer.from("\x0a\x01a", "latin1")), framed(Buffer.from("\x10\x01", "latin1"))]),
    framed(Buffer.from("\x10\x01\x0a\x02bc", "latin1")),
    framed(Buffer.from("\x1a\x04\x0a\x02no", "latin1")),
    framed(Buffer.from("\x22\x03new\x28\x96\x01\x31ABCDEFGH\x3dABCD\x0a\x01z", "latin1")),
    framed(Buffer.alloc(0)),
  ],
  run(input, random) {
    const whole = decode([input]);
    const cuts: Buffer[] = [];
    for (let at = 0; at < input.length; ) {
      const end = at + 1 + random(7);
      cuts.push(input.subarray(at, end));
      at = end;
    }
    const cut = decode(cuts);
    if (whole.words !== cut.words) throw new Finding(`whole: ${whole.words}; cut: ${cut.words}`);
    if (!whole.data.equals(cut.data)) throw new Finding("other data when cut");
    if (whole.data.length > input.length) throw new Finding("more data than came in");
    const known = whole.refused ? null : byProtobuf(input);
    if (known && !known.equals(whole.data)) throw new Finding("other data than a protobuf parser reads");
    return whole.words.replace(/abort \w*/g, "abort");
  },
};

/** The same stream through the generated code; null: it cannot read what we take (text that is no UTF-8 in an abort). */
function byProtobuf(input: Buffer): Buffer | null {
  const parts: Uint8Array[] = [];
  try {
    for (let at = 0; at < input.length; ) {
      const end = at + 5 + input.readUInt32BE(at + 1);
      parts.push(fromBinary(FrameSchema, input.subarray(at + 5, end)).data);
      at = end;
    }
  } catch {
    return null;
  }
  return Buffer.concat(parts);
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function decode(chunks: readonly Buffer[]): { data: Buffer; words: string; refused: boolean } {
  const data: Buffer[] = [];
  const words: string[] = [];
  const decoder = new FrameDecoder({
    data: (chunk) => data.push(Buffer.from(chunk)),
    end: () => words.push("end"),
    abort: (message) => words.push(`abort ${message.toString("hex")}`),
  });
  let refused = false;
  try {
    for (const chunk of chunks) decoder.push(Buffer.from(chunk));
    decoder.finish();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    refused = true;
    words.push(kindOf(error));
  }
  return { data: Buffer.concat(data), words: words.join(", ").slice(0, 200), refused };
}
