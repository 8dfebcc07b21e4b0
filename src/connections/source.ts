import type { Connection } from "../vocabulary/index.js";

/** The connections in force, in memory; watched, not fetched. */
export interface ConnectionSource {
  byName(name: string): Connection | undefined;
  list(): readonly Connection[];
  /** Called within 500 ms after a change. */
  watch(listener: () => void): () => void;
}
