import { type Attempts, createLocalAttempts } from "./attempts.js";
import { addressBlock } from "./throttle.js";

/** What stands before every check of a password, wherever the password is kept. */
export interface PasswordGate {
  /**
   * Runs `verify` when it is this try's turn; null from it is a wrong password. Failures count for an account and a network together; past
   * many of an account from everywhere, networks that it never signed in from take turns, and known ones go on as ever. Throws
   * HoopError `limited`.
   */
  pass<T>(
    attempt: {
      readonly account: string;
      readonly address: string;
      readonly knows: (network: string) => Promise<boolean>;
    },
    verify: () => Promise<T | null>,
  ): Promise<T | null>;
}

const perName = 5;
const perAddress = 30;

export function createPasswordGate(attempts: Attempts = createLocalAttempts()): PasswordGate {
  return {
    async pass({ account, address, knows }, verify) {
      const block = addressBlock(address);
      const [own, network] = [`name ${block} ${account.slice(0, 100)}`, `network ${block}`];
      // Counted before the answer is known: guesses sent side by side count as well.
      await attempts.begin([
        { key: own, free: perName },
        { key: network, free: perAddress },
      ]);
      const known = await knows(block);
      if (!known) await attempts.turn(account, block);
      const passed = await verify();
      if (passed === null) return null;
      if (!known) await attempts.forgiveTurn(account);
      await attempts.settle([
        { key: own, as: "succeeded" },
        // Not forgotten: an own account must not buy a guesser a fresh start on others'.
        { key: network, as: "forgiven" },
      ]);
      return passed;
    },
  };
}
