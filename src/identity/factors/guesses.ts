import type { SubjectId } from "../../vocabulary/index.js";
import { type Attempts, createLocalAttempts } from "../attempts.js";
import { addressBlock } from "../throttle.js";

/** Slows guessing at codes of somebody whose password, or token, is known already. */
export interface Guesses {
  /** Throws HoopError `limited`. Counts the try as failed; `right` takes that back. */
  begin(subject: SubjectId, address: string, known: boolean): Promise<{ right(): Promise<void> }>;
}

/**
 * Six digits resist only who may not try often. From networks that the account never signed in from all tries of everybody count together;
 * each known network counts alone, so that a stranger with the password does not keep the owner out.
 */
export function createGuesses(attempts: Attempts = createLocalAttempts()): Guesses {
  return {
    async begin(subject, address, known) {
      const key = `code ${subject}${known ? ` ${addressBlock(address)}` : ""}`;
      await attempts.begin([{ key, free: 5 }]);
      return { right: () => attempts.settle([{ key, as: "succeeded" }]) };
    },
  };
}
