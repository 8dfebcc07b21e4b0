import type { SubjectId } from "../../vocabulary/index.js";
import { addressBlock, createThrottle } from "../throttle.js";

/** Slows guessing at codes of somebody whose password, or token, is known already. */
export interface Guesses {
  /** Throws HoopError `limited`. Counts the try as failed; `right` takes that back. */
  begin(subject: SubjectId, address: string, known: boolean): { right(): void };
}

/**
 * Six digits resist only who may not try often. From networks that the account never signed in from all tries of everybody count together;
 * each known network counts alone, so that a stranger with the password does not keep the owner out.
 */
export function createGuesses(options: { now?: () => number } = {}): Guesses {
  const throttle = createThrottle({ free: 5, ...options });
  return {
    begin(subject, address, known) {
      const key = known ? `${subject} ${addressBlock(address)}` : subject;
      throttle.check(key);
      throttle.failed(key);
      return { right: () => throttle.succeeded(key) };
    },
  };
}
