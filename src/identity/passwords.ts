import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import { HoopError } from "../vocabulary/index.js";

// The library's default algorithm is argon2id; memory in KiB. OWASP's first choice.
const options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** One core stays with what is being carried, however many people sign in. */
const spare = (): number => Math.max(1, Math.min(2, availableParallelism() - 1));

export interface Passwords {
  hash(password: string): Promise<string>;
  /** A null hash takes as long and is always false: nobody learns from the time who exists. */
  verify(stored: string | null, password: string): Promise<boolean>;
}

/**
 * argon2id on the thread pool. At most `atOnce` run and `waiting` wait: a flood of guesses costs bounded memory and
 * leaves the pool to others. Throws HoopError `limited` beyond.
 */
export async function createPasswords({ atOnce = spare(), waiting = 64 } = {}): Promise<Passwords> {
  const nobody = await hash("a password that nobody has", options);
  const queue: (() => void)[] = [];
  let running = 0;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (queue.length >= waiting)
        throw new HoopError("limited", "too many people are signing in at this moment", {
          hint: "try again in a few seconds",
        });
      // The one that ends hands its place over: `running` stays as it is.
      await new Promise<void>((resolve) => queue.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password, options)),
    verify: (stored, password) =>
      inTurn(async () => {
        const matches = await verify(stored ?? nobody, password);
        return matches && stored !== null;
      }),
  };
}
