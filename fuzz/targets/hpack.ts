import { Http2Error } from "../../src/transport/http2/error.js";
import type { HeaderField } from "../../src/transport/http2/hpack/header-field.js";
import { HpackDecoder } from "../../src/transport/http2/hpack/hpack-decoder.js";
import { HpackEncoder } from "../../src/transport/http2/hpack/hpack-encoder.js";
import { Finding, type FuzzTarget, kindOf } from "../target.js";

const decoder = () => new HpackDecoder({ maxTableSize: 4096, maxListSize: 16_384, maxFields: 64 });

/** Header blocks, each behind its length: what can be read is bounded, and says the same when we say it again. */
export const hpack: FuzzTarget = {
  name: "hpack",
  seeds: () => [
    blocks("828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865"),
    blocks("828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf"),
    blocks("3f01", "203fe11f82", "100870617373776f726406736563726574"),
  ],
  run(input) {
    const theirs = decoder();
    const ours = new HpackEncoder();
    const again = decoder();
    let words = "";
    for (let at = 0; at < input.length; ) {
      const end = at + 1 + input[at]!;
      const block = input.subarray(at + 1, end);
      at = end;
      let list: readonly HeaderField[] | null;
      try {
        list = theirs.decode(block);
      } catch (error) {
        if (!(error instanceof Http2Error)) throw error;
        return `${words}${kindOf(error)}`;
      }
      if (list === null) words += "too long, ";
      else {
        words += `${list.length}, `;
        const size = list.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
        if (size > 16_384 || list.length > 64) throw new Finding(`a list of ${list.length} fields, ${size} bytes`);
        const said = again.decode(ours.encode(list));
        if (JSON.stringify(said) !== JSON.stringify(list)) throw new Finding("not the same when said again");
      }
    }
    return words;
  },
};

function blocks(...hex: readonly string[]): Buffer {
  return Buffer.concat(hex.map((one) => Buffer.concat([Buffer.from([one.length / 2]), Buffer.from(one, "hex")])));
}
