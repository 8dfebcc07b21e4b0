import { createHash } from "node:crypto";
import { addressBlock, createBuckets } from "../../identity/index.js";
import { HoopError } from "../../vocabulary/index.js";

/** Tokens that are remembered as good; each directory has a handful. */
const most = 1_000;

/**
 * Limits how many unknown tokens a network may have looked up. A token that was good lately is taken whatever else comes from there,
 * so that nobody locks a directory out by guessing beside it.
 */
export function createStrangerLimit(): <T>(token: string, address: string, look: () => Promise<T>) => Promise<T> {
  const unknown = createBuckets({ most: 50, perSecond: 5 });
  const good = new Set<string>();
  return async (token, address, look) => {
    const key = createHash("sha256").update(token).digest("base64");
    const block = addressBlock(address);
    if (!good.has(key) && !unknown.has(block))
      throw new HoopError("limited", "too many unknown tokens come from this network", { retryAfter: 1 });
    try {
      const found = await look();
      good.delete(key);
      if (good.size >= most) good.delete(good.values().next().value!);
      good.add(key);
      return found;
    } catch (error) {
      good.delete(key);
      if (error instanceof HoopError && error.code === "unauthenticated") unknown.take(block);
      throw error;
    }
  };
}
