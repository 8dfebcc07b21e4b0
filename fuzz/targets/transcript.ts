import { formatTranscript, parseTranscript } from "../../src/protocol/compliance/index.js";
import { Finding, type FuzzTarget, kindOf } from "../target.js";

/** The text form of transcripts: what can be read can be written and read again. */
export const transcript: FuzzTarget = {
  name: "transcript",
  seeds: () => [
    Buffer.from('# about\nclient "a\\x00b"\n  "more"\ntarget "c"\nready\nask "x" deny "no"\nclient closed\n'),
  ],
  run(input) {
    try {
      const first = parseTranscript("fuzz", input.toString("utf8"));
      const again = parseTranscript("fuzz", formatTranscript(first));
      if (JSON.stringify(first.events) !== JSON.stringify(again.events))
        throw new Finding("reads otherwise the second time");
      return `events: ${first.events.length}`;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return kindOf(error)
        .replace(/^fuzz:n: /, "")
        .slice(0, 20);
    }
  },
};
