import { HoopError } from "../vocabulary/index.js";
import { checkPolicy, type PolicyChecks } from "./checks.js";
import { compilePolicy } from "./compile.js";
import type { PolicyDocument } from "./documents/index.js";
import { parseDocument } from "./parse-documents.js";
import { type PolicyChange, planChanges } from "./plan-changes.js";
import type { PolicyAuthor, PolicyStore } from "./store.js";

export interface ApplyOptions {
  readonly author: PolicyAuthor;
  /** Removes what is not wanted. */
  readonly prune?: boolean | undefined;
  /** Plans and changes nothing. */
  readonly dryRun?: boolean | undefined;
  /** The revision of a plan that somebody agreed to: applying refuses with `conflict` when it is no longer the current one. */
  readonly revision?: number | undefined;
  /** What is looked at beside the documents; without it, a set with tests is refused. */
  readonly checks?: PolicyChecks | undefined;
}

export interface Applied {
  readonly changes: readonly PolicyChange[];
  /** What is no reason to refuse, and should be known before it is applied. */
  readonly warnings: readonly string[];
  /** Of the store: after the change, or the one the plan is for. */
  readonly revision: number;
}

/**
 * Plans and applies documents that `parseDocuments` has validated. The whole set that would result is compiled first: when
 * it does not compile, contradicts itself or fails one of its tests, nothing changes. Throws HoopError `invalid` or `conflict`.
 */
export async function applyDocuments(
  store: PolicyStore,
  wanted: readonly PolicyDocument[],
  options: ApplyOptions,
): Promise<Applied> {
  const stored = await store.read();
  if (options.revision !== undefined && options.revision !== stored.revision) {
    throw new HoopError("conflict", "policy has changed since this plan was made", {
      hint: "look at the new plan and apply again",
    });
  }
  const current = stored.documents.map((document) => parseDocument(document, "stored policy").document);
  const changes = planChanges(current, wanted, { prune: options.prune });
  const names = new Set(wanted.map((document) => document.metadata.name));
  const kept = options.prune ? [] : current.filter((document) => !names.has(document.metadata.name));
  const next = compilePolicy([...kept, ...wanted]);

  const altered = changes.filter((change) => change.action !== "unchanged");
  const warnings = await checkPolicy(next, new Set(altered.map((change) => change.name)), options.checks);
  if (options.dryRun || altered.length === 0) return { changes, warnings, revision: stored.revision };
  const puts = new Set(altered.filter((change) => change.action !== "delete").map((change) => change.name));
  const revision = await store.write({
    put: wanted.filter((document) => puts.has(document.metadata.name)),
    remove: altered.filter((change) => change.action === "delete").map(({ kind, name }) => ({ kind, name })),
    expected: stored.revision,
    author: options.author,
  });
  return { changes, warnings, revision };
}
