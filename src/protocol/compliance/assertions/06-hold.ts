import type { Assertion } from "../dialect.js";
import { loggedIn } from "../play.js";
import { outcomes } from "../replies.js";
import { allow, ComplianceError, trialInit } from "../trial.js";

const hour = 3_600_000;
const someWait = {
  for: "hold",
  text: "waiting for 1 approval",
  link: "https://hoop.test/reviews/abc",
  id: "abc",
} as const;

/** A statement may wait for people for as long as people take. */
export const hold: Assertion = {
  number: 6,
  title: "a hold of an hour needs only ticks and bounded memory",
  check(candidate) {
    const limits = candidate.init.limits ?? trialInit().limits;
    for (const style of candidate.styles) {
      let waiting = false;
      const { trial, target, mark } = loggedIn(candidate, {
        judge: (ask, id) => {
          if (ask.phase === "connect" || !waiting) return allow(id);
          waiting = false;
          return "hold";
        },
      });
      waiting = true;
      const statement = style.encode(candidate.allowed);
      trial.receive("client", statement);
      let asked = 1;
      // The client goes on asking until it is told to stop.
      for (let queued = 0; !trial.paused.client; queued += statement.length, asked++) {
        if (queued > limits.maxQueued + limits.maxFrame)
          throw new ComplianceError(`${style.name}: ${queued} bytes wait behind an ask and the client is not paused`);
        trial.receive("client", statement);
      }
      const [first] = trial.open.keys();
      if (first !== undefined) {
        const { link } = someWait;
        const quiet = trial.bytesTo("client").length;
        trial.waits(first, someWait);
        const told = (): number => trial.bytesTo("client").subarray(quiet).toString("latin1").split(link).length - 1;
        if (candidate.tellsOfWaits) {
          if (told() !== 1)
            throw new ComplianceError(`${style.name}: the client was not told at once where it is decided`);
          trial.advance(hour, 3_600);
          if (told() < 10) throw new ComplianceError(`${style.name}: the client was told once and then left alone`);
        }
      }
      // What is flushed now may go out: the target was sent it before.
      const sent = trial.bytesTo("target").length;
      trial.advance(hour, 3_600);
      if (trial.over)
        throw new ComplianceError(
          `${style.name}: the session ended during the hold: ${trial.ended?.text ?? trial.malformed?.message}`,
        );
      if (trial.bytesTo("target").length > sent || target.reached.length > 0)
        throw new ComplianceError(`${style.name}: the target got bytes during the hold`);
      const held = [...trial.open.keys()][0];
      if (held === undefined) throw new ComplianceError(`${style.name}: no ask is open`);
      trial.resolve(held, allow(held));
      const got = outcomes(candidate.replies(trial.bytesTo("client").subarray(mark.client)), candidate.allowed);
      if (got.length !== asked)
        throw new ComplianceError(
          `${style.name}: ${asked} statements were asked, ${got.length} answered after the hold`,
        );
      if (trial.paused.client) throw new ComplianceError(`${style.name}: the client is still paused after the hold`);
    }
  },
};
