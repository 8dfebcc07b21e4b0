import { HoopError } from "../vocabulary/index.js";
import { defaultDocuments } from "./defaults.js";
import type { PolicyStore } from "./store.js";

/** Writes the default set where policy was never written; what was emptied on purpose stays empty. Answers whether it did. */
export async function seedPolicy(store: PolicyStore): Promise<boolean> {
  if ((await store.read()).revision > 0) return false;
  try {
    await store.write({ put: defaultDocuments, remove: [], expected: 0, author: null });
    return true;
  } catch (error) {
    // Another replica started at the same moment and was first.
    if (error instanceof HoopError && error.code === "conflict") return false;
    throw error;
  }
}
