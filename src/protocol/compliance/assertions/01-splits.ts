import type { Assertion } from "../dialect.js";
import { play } from "../play.js";
import { variants } from "../splits.js";
import { difference, traceOf } from "../trace.js";
import { ComplianceError, type Trial } from "../trial.js";

/** Networks cut where they like: nothing may depend on it. */
export const splits: Assertion = {
  number: 1,
  title: "a transcript gives the same effects at every two-way split and byte by byte",
  check(candidate) {
    for (const { name, events } of candidate.transcripts) {
      const { trial } = play(candidate, events);
      expectAsks(name, trial, events);
      const whole = traceOf(trial);
      for (const variant of variants(events)) {
        const found = difference(whole, traceOf(play(candidate, variant.events).trial));
        if (found) throw new ComplianceError(`${name}, ${variant.label}: ${found}`);
      }
    }
  },
};

/** The asks that the transcript names were made, in that order; there may be others between them. */
function expectAsks(name: string, trial: Trial, events: readonly { kind: string; text?: string }[]): void {
  const made = trial.asks.map(({ ask }) => ask.text);
  let from = 0;
  for (const { kind, text } of events) {
    if (kind !== "ask") continue;
    const at = made.indexOf(text!, from);
    if (at < 0)
      throw new ComplianceError(
        `${name}: nothing was asked for ${JSON.stringify(text)}; asked: ${JSON.stringify(made)}`,
      );
    from = at + 1;
  }
}
