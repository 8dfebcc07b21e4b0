import { FrameBatch, readFrame, recordFollows, recordTypes } from "../../src/recording/journal/frame.js";
import { decodeSegmentHead, encodeSegmentHead } from "../../src/recording/journal/segment.js";
import { chainId } from "../../src/vocabulary/index.js";
import { Finding, type FuzzTarget } from "../target.js";

/** A journal's bytes after a crash or a bad disk: whole records, an end, or "no record", and always an end to the reading. */
export const journal: FuzzTarget = {
  name: "journal",
  seeds() {
    const batch = new FrameBatch();
    batch.addEntry("07".repeat(32), Buffer.from('{"kind":"warning"}'));
    batch.addPayload("07".repeat(32), 7, Buffer.from("payload"));
    batch.add(recordTypes.head, Buffer.alloc(0), Buffer.from("head"));
    const head = encodeSegmentHead(chainId("00000000-0000-4000-8000-000000000001"), { seq: 3, hash: "ab".repeat(32) });
    return [Buffer.from(batch.bytes), Buffer.concat([head, batch.bytes])];
  },
  run(input) {
    const head = decodeSegmentHead(input);
    let at = head ? 68 : 0;
    let records = 0;
    for (;;) {
      const frame = readFrame(input, at);
      if (typeof frame === "string") {
        const more = recordFollows(input, at);
        return `${head !== null} ${records} ${frame} ${more}`;
      }
      if (frame.end <= at || frame.end > input.length)
        throw new Finding(`record ${records} ends at ${frame.end} of ${input.length}`);
      at = frame.end;
      records++;
    }
  },
};
