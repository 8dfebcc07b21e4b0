import type { Random } from "../src/protocol/compliance/random.js";

/** One decoder or session under fuzz. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs to begin with, beside those in `fuzz/corpus/<name>/`. */
  seeds(): readonly Buffer[];
  /** How to change an input, where bytes at random would hardly ever get past the first check. */
  mutate?(input: Buffer, random: Random): Buffer;
  /**
   * Takes one input; `random` follows from it, so that the same input always does the same. Answers a few words for what became of it: an input with words that were not seen before is kept and
   * mutated further. Throws `Finding`, or whatever the code under test should not have thrown.
   */
  run(input: Buffer, random: Random): string | Promise<string>;
  /** Called once at the end. */
  close?(): Promise<void>;
}

/** A broken promise. */
export class Finding extends Error {
  override readonly name = "Finding";
}

/** An error's text without what differs from input to input. */
export function kindOf(error: Error): string {
  return error.message
    .replace(/\d+/g, "n")
    .replace(/["'`].*["'`]/gs, "…")
    .slice(0, 120);
}
