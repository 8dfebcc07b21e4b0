import { HoopError, hoopErrorFrom } from "../vocabulary/index.js";
import { type Fetched, readRepository } from "./git/read-repository.js";
import type { RunParty } from "./run.js";
import { loadRunbook } from "./runbook.js";
import type { RunbookSource, RunbookStore } from "./store.js";

export interface SyncPorts {
  readonly store: RunbookStore;
  /** Of a source; null: it has none. */
  readonly secret: (source: string) => Promise<string | null>;
  readonly fileRoot: string | null;
}

/** What one look at a source has changed. */
export interface SyncResult {
  readonly commit: string | null;
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Files that are not used, and why; those that were good before stay as they were. */
  readonly problems: readonly string[];
}

/**
 * Brings the store to what the repository's branch says. A file that cannot be used changes nothing; a runbook whose file is gone is
 * removed. Never throws: what failed is the source's problem, and written down there.
 */
export async function syncSource(ports: SyncPorts, source: RunbookSource, signal: AbortSignal): Promise<SyncResult> {
  const { store } = ports;
  let result: SyncResult;
  try {
    const secret = await ports.secret(source.name);
    result = await taken(ports, source, await readRepository({ source, secret, fileRoot: ports.fileRoot, signal }));
  } catch (error) {
    result = {
      commit: null,
      changed: [],
      removed: [],
      problems: [hoopErrorFrom(error, "the repository could not be read").message],
    };
  }
  const problem = result.problems.length === 0 ? null : result.problems.slice(0, 20).join("\n");
  await store.synced(source.name, { commit: result.commit, problem });
  return result;
}

async function taken(
  { store }: SyncPorts,
  source: RunbookSource,
  { commit, files, problems: found }: Fetched,
): Promise<SyncResult> {
  const problems = [...found];
  const changed: string[] = [];
  const paths = new Set(files.map(({ path }) => path));
  const by: RunParty = { id: "system", name: `git ${source.name}` };
  const before = await store.list();
  const kept = new Set<string>();
  for (const { path, text } of files) {
    try {
      const runbook = loadRunbook(text, path);
      // Whoever may push to the repository must not become whomever they write into a file.
      if (runbook.as !== null && !source.mayActAs.includes(runbook.as))
        throw new HoopError("denied", `${path}: this source's runbooks may not run as ${runbook.as}`);
      if (kept.has(runbook.name))
        throw new HoopError("conflict", `${path}: another file has the name ${runbook.name} already`);
      const origin = { kind: "git", source: source.name, path, commit } as const;
      const known = before.find(({ name }) => name === runbook.name);
      if (known && (known.origin.kind !== "git" || known.origin.source !== source.name))
        throw new HoopError("conflict", `${path}: ${runbook.name} is the name of a runbook from elsewhere`);
      kept.add(runbook.name);
      if (known?.hash === runbook.hash) continue;
      await store.put({ name: runbook.name, text, hash: runbook.hash, origin, by });
      changed.push(runbook.name);
    } catch (error) {
      problems.push(hoopErrorFrom(error, `${path} could not be taken`).message);
    }
  }
  const removed: string[] = [];
  for (const { name, origin } of before) {
    if (origin.kind !== "git" || origin.source !== source.name || kept.has(name) || paths.has(origin.path)) continue;
    if (await store.remove(name)) removed.push(name);
  }
  return { commit, changed, removed, problems };
}
