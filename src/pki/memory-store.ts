import type { Authority, PkiStore } from "./store.js";

/** The port in memory, with the same rules as the table. */
export function createMemoryPkiStore(): PkiStore {
  const authorities: Authority[] = [];
  return {
    async authorities() {
      return [...authorities].sort((a, b) => a.generation - b.generation);
    },
    async add(authority) {
      if (authorities.some((other) => other.kind === authority.kind && other.generation === authority.generation))
        return false;
      authorities.push(authority);
      return true;
    },
  };
}
