import type { Assertion } from "../dialect.js";
import { loggedIn } from "../play.js";
import { outcomes } from "../replies.js";
import { allow, ComplianceError, deny } from "../trial.js";

/** A refusal waits for the replies that come before it. */
export const order: Assertion = {
  number: 5,
  title: "replies keep their order under pipelining",
  check(candidate) {
    for (const style of candidate.styles) {
      for (const wanted of [
        ["allowed", "denied", "allowed"],
        ["denied", "allowed", "denied", "denied", "allowed"],
        ["allowed", "allowed", "denied"],
      ] as const) {
        const { trial, mark } = loggedIn(candidate, {
          judge: (ask, id) => (ask.text === candidate.denied ? deny("no") : allow(id)),
        });
        const read = () =>
          outcomes(candidate.replies(trial.bytesTo("client").subarray(mark.client)), candidate.allowed);
        trial.holdTarget = true;
        trial.receive("client", Buffer.concat(wanted.map((word) => style.encode(candidate[word]))));
        // The target says nothing yet: what may be said is what stands before the first allowed one.
        const early = read();
        if (early.length > wanted.indexOf("allowed"))
          throw new ComplianceError(`${style.name}, ${wanted.join(" ")}: too early: ${early.join(" ")}`);
        trial.releaseTarget();
        const got = read();
        if (got.join(" ") !== wanted.join(" "))
          throw new ComplianceError(`${style.name}: asked ${wanted.join(" ")}, answered ${got.join(" ") || "nothing"}`);
      }
    }
  },
};
