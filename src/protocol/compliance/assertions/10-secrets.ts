import type { Assertion } from "../dialect.js";
import { play } from "../play.js";
import { secretIn } from "../secret.js";
import { ComplianceError, Trial } from "../trial.js";

/** The secret stays. Trials look for it in all that leaves towards people, here with targets that quote it. */
export const secrets: Assertion = {
  number: 10,
  title: "no secret of the target appears in a note, an error or the client's bytes",
  check(candidate) {
    for (const { events } of candidate.transcripts) play(candidate, events);
    for (const login of candidate.leakyLogins) {
      const trial = new Trial(candidate, { target: login.createTarget() });
      try {
        for (const chunk of candidate.hello) trial.receive("client", chunk);
        // Piece by piece it might slip past a look at each chunk.
        if (secretIn(trial.bytesTo("client")))
          throw new ComplianceError("the target's secret is in the client's bytes");
      } catch (error) {
        throw new ComplianceError(`${login.name}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
  },
};
