import type { Assertion } from "../dialect.js";
import { play } from "../play.js";
import { excerpt, firstDifference } from "../trace.js";
import { ComplianceError } from "../trial.js";

/** Untouched bytes leave as they came in. */
export const identity: Assertion = {
  number: 2,
  title: "with everything allowed and nothing masked, bytes out are bytes in",
  check(candidate) {
    for (const { name, events } of candidate.transcripts) {
      const ready = events.findIndex((event) => event.kind === "ready");
      if (ready < 0 || events.some((event) => event.kind === "ask" && event.deny !== null)) continue;
      const { trial, atReady } = play(candidate, events);
      if (trial.malformed) throw new ComplianceError(`${name}: ${trial.malformed.message}`);
      for (const [from, to] of [
        ["client", "target"],
        ["target", "client"],
      ] as const) {
        const given = Buffer.concat(
          events.slice(ready).flatMap((event) => (event.kind === "bytes" && event.from === from ? [event.bytes] : [])),
        );
        const got = trial.bytesTo(to).subarray(atReady[to]);
        if (given.equals(got)) continue;
        const at = firstDifference(given, got);
        throw new ComplianceError(
          `${name}: at byte ${at} the ${from} said ${excerpt(given, at)}, the ${to} got ${excerpt(got, at)}`,
        );
      }
    }
  },
};
