import type { Assertion } from "../dialect.js";
import { loggedIn } from "../play.js";
import { rowTexts } from "../replies.js";
import { allow, ComplianceError, deny } from "../trial.js";

const why = "that is not for you";

/** A no is an answer in the protocol's own words, not the end. */
export const denial: Assertion = {
  number: 4,
  title: "a denial is readable by the client, and the next statement works",
  check(candidate) {
    for (const style of candidate.styles) {
      const { trial, target, mark } = loggedIn(candidate, {
        judge: (ask, id) => (ask.text === candidate.denied ? deny(why) : allow(id)),
      });
      trial.receive("client", style.encode(candidate.denied));
      const refused = candidate.replies(trial.bytesTo("client").subarray(mark.client));
      if (!refused.some((reply) => reply.kind === "error" && reply.text.includes(why)))
        throw new ComplianceError(
          `${style.name}: the client was not told why: ${refused.map((reply) => reply.kind).join(", ") || "nothing"}`,
        );
      const before = trial.bytesTo("client").length;
      trial.receive("client", style.encode(candidate.allowed));
      const texts = rowTexts(candidate.replies(trial.bytesTo("client").subarray(before)));
      if (!texts.includes(candidate.allowed))
        throw new ComplianceError(`${style.name}: the statement after the denial got no answer`);
      if (target.reached.includes(candidate.denied))
        throw new ComplianceError(`${style.name}: the target got the denied statement`);
    }
  },
};
