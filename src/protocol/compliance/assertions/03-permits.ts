import { HoopError } from "../../../vocabulary/index.js";
import type { Assertion } from "../dialect.js";
import { judgeOf, loggedIn, play } from "../play.js";
import { allow, ComplianceError, deny } from "../trial.js";

/** Judged, then forwarded. */
export const permits: Assertion = {
  number: 3,
  title: "nothing asked for is sent before its permit, and a failed gate is a no",
  check(candidate) {
    for (const { name, events } of candidate.transcripts) {
      const judge = judgeOf(events);
      const { trial: free } = play(candidate, events, judge);
      for (const [index, held] of free.asks.entries()) {
        let stop = events.length;
        const { trial } = play(
          candidate,
          events,
          (ask, id) => (id === held.id ? "hold" : judge(ask, id)),
          (now, at) => {
            if (now.open.size > 0) stop = at;
            return now.open.size === 0;
          },
        );
        // The target has nothing to answer any more; the client may go on.
        for (const event of events.slice(stop + 1))
          if (event.kind === "bytes" && event.from === "client") trial.receive("client", event.bytes);
        const sent = trial.bytesTo("target");
        if (sent.length > held.targetBytes)
          throw new ComplianceError(
            `${name}: ${sent.length - held.targetBytes} bytes went out while ask ${index} (${held.ask.text}) was open`,
          );
      }
    }
    for (const style of candidate.styles) {
      for (const [word, resolution] of [
        ["denied", deny("no")],
        ["failed", { kind: "failed", error: new HoopError("unavailable", "the gate is away") }],
      ] as const) {
        const { trial, target } = loggedIn(candidate, {
          judge: (ask, id) => (ask.phase === "connect" ? allow(id) : resolution),
        });
        trial.receive("client", style.encode(candidate.allowed));
        if (target.reached.length > 0)
          throw new ComplianceError(`${style.name}: the target got what was ${word}: ${target.reached.join("; ")}`);
      }
    }
  },
};
