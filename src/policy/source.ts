import { type CompiledPolicy, compilePolicy } from "./compile.js";
import { parseDocument } from "./parse-documents.js";
import type { PolicySource } from "./policy.js";
import type { PolicyStore } from "./store.js";

export interface PolicyLog {
  info(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export interface PolicySourceOptions {
  readonly store: PolicyStore;
  readonly log: PolicyLog;
  /** How long to wait before a failed load is tried again. Milliseconds. */
  readonly retryMs?: number | undefined;
}

/** The rules in force, kept in memory, with what is wrong if anything is. */
export interface LivePolicySource extends PolicySource {
  current(): CompiledPolicy;
  watch(listener: (set: CompiledPolicy) => void): () => void;
  /** Why the newest documents are not in force; null: they are. */
  problem(): string | null;
  close(): void;
}

/**
 * Loads the rules and follows their changes. A set that does not load or compile never replaces one that did; before
 * there is a first, an empty set is in force, which allows nothing. `problem()` and the log say so.
 */
export async function createPolicySource({
  store,
  log,
  retryMs = 1000,
}: PolicySourceOptions): Promise<LivePolicySource> {
  const listeners = new Set<(set: CompiledPolicy) => void>();
  let current = compilePolicy([]);
  let problem: string | null = "policy has not been loaded yet";
  let closed = false;
  let loading: Promise<void> | null = null;
  let again = false;
  let retry: NodeJS.Timeout | null = null;

  async function load(): Promise<void> {
    try {
      const stored = await store.read();
      const next = compilePolicy(stored.documents.map((document) => parseDocument(document, "stored policy").document));
      if (closed) return;
      problem = null;
      if (next.version === current.version) return;
      current = next;
      log.info({ version: next.version, rules: next.rules.length }, "policy in force");
      for (const listener of [...listeners]) tell(listener, next);
    } catch (error) {
      if (closed) return;
      problem = error instanceof Error ? error.message : String(error);
      log.error(
        { err: error, version: current.version },
        "policy could not be loaded; the last good version stays in force",
      );
      retry ??= setTimeout(() => {
        retry = null;
        refresh();
      }, retryMs).unref();
    }
  }

  // One listener's failure is not another's, and never the source's.
  function tell(listener: (set: CompiledPolicy) => void, set: CompiledPolicy): void {
    try {
      listener(set);
    } catch (error) {
      log.error({ err: error }, "a listener of policy failed");
    }
  }

  // Changes that arrive while a load runs are covered by one more load: the running one may have read too early.
  function refresh(): void {
    if (closed) return;
    if (loading) {
      again = true;
      return;
    }
    loading = load().finally(() => {
      loading = null;
      if (again) {
        again = false;
        refresh();
      }
    });
  }

  const stop = store.watch(refresh);
  refresh();
  await loading;

  return {
    current: () => current,
    problem: () => problem,
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closed = true;
      stop();
      if (retry) clearTimeout(retry);
      listeners.clear();
    },
  };
}
