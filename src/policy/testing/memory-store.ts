import { HoopError } from "../../vocabulary/index.js";
import type { PolicyStore } from "../store.js";

/** A policy store in memory that keeps the promises of its port, with ways to break them. */
export interface MemoryPolicyStore extends PolicyStore {
  /** Puts anything in, as a newer version might. */
  force(documents: readonly unknown[]): void;
  /** Reads fail with this until it is null again. */
  failing: Error | null;
}

export function createMemoryPolicyStore(): MemoryPolicyStore {
  const listeners = new Set<() => void>();
  let documents: readonly unknown[] = [];
  let revision = 0;
  const nameOf = (document: unknown) => (document as { metadata: { name: string } }).metadata.name;
  const tell = () => {
    for (const listener of [...listeners]) listener();
  };
  return {
    failing: null,
    async read() {
      await Promise.resolve();
      if (this.failing) throw this.failing;
      return { revision, documents };
    },
    async write(change) {
      if (change.expected !== revision) throw new HoopError("conflict", "policy has changed meanwhile");
      const gone = new Set([...change.remove.map((one) => one.name), ...change.put.map(nameOf)]);
      documents = [...documents.filter((document) => !gone.has(nameOf(document))), ...change.put];
      revision += 1;
      tell();
      return revision;
    },
    async history() {
      return [];
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    force(forced) {
      documents = forced;
      revision += 1;
      tell();
    },
  };
}
