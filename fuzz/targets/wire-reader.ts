import { ClippedReader, MalformedError } from "../../src/wire/index.js";
import { Finding, type FuzzTarget, kindOf } from "../target.js";

/** Random reads of a clipped frame: never past its end, never an error of another kind. */
export const wireReader: FuzzTarget = {
  name: "wire-reader",
  seeds: () => [Buffer.from("\x00\x00\x00\x05hello\x00rest\x00", "latin1"), Buffer.alloc(64, 0xff)],
  run(input, random) {
    // Bytes around the frame that nobody may see.
    const secret = Buffer.from("OUTSIDE");
    const reader = new ClippedReader(
      Buffer.concat([secret, input, secret]),
      secret.length,
      secret.length + input.length,
    );
    const words: string[] = [];
    try {
      for (let steps = 0; steps < 32; steps++) {
        const at = reader.at;
        const view = read(reader, random(9), random);
        if (reader.at < at || reader.remaining < 0) throw new Finding(`went from ${at} to ${reader.at}`);
        if (view && view.length > input.length) throw new Finding(`read ${view.length} bytes of ${input.length}`);
        if (view?.includes(secret) && !input.includes(secret)) throw new Finding("read what is outside of the frame");
      }
      words.push("read");
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      words.push(kindOf(error));
    }
    return words.join(",");
  },
};

function read(reader: ClippedReader, kind: number, random: (below: number) => number): Buffer | null {
  if (kind === 0) reader.uint8();
  else if (kind === 1) reader.int16();
  else if (kind === 2) reader.uint16();
  else if (kind === 3) reader.int32();
  else if (kind === 4) reader.uint32();
  else if (kind === 5) return reader.bytes(random(20) - 2);
  else if (kind === 6) return reader.cstringBytes();
  else if (kind === 7) reader.cstring();
  else if (reader.remaining === 0) reader.done();
  return null;
}
