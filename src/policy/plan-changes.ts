import { stringify } from "yaml";
import { canonicalJson } from "./canonical.js";
import { diffLines } from "./diff-lines.js";
import type { PolicyDocument, PolicyKind } from "./documents/index.js";

/** What applying would do to one document. */
export interface PolicyChange {
  readonly action: "create" | "update" | "delete" | "unchanged";
  readonly kind: PolicyKind;
  readonly name: string;
  /** The document as YAML, each line marked `+`, `-` or blank; empty when unchanged. */
  readonly lines: readonly string[];
}

/**
 * What becomes of `current` when `wanted` is applied: what is wanted is created or updated; what is not wanted stays,
 * or goes when `prune` is set. In order of kind and name. A document that changes its kind is deleted and created.
 */
export function planChanges(
  current: readonly PolicyDocument[],
  wanted: readonly PolicyDocument[],
  options: { readonly prune?: boolean | undefined } = {},
): readonly PolicyChange[] {
  const before = new Map(current.map((document) => [document.metadata.name, document]));
  const after = new Map(wanted.map((document) => [document.metadata.name, document]));
  const changes: PolicyChange[] = [];
  for (const [name, document] of after) {
    const old = before.get(name);
    if (old && old.kind !== document.kind) changes.push(change("delete", old, yamlOf(old), ""));
    if (!old || old.kind !== document.kind) changes.push(change("create", document, "", yamlOf(document)));
    else if (canonicalJson(old) === canonicalJson(document))
      changes.push({ action: "unchanged", kind: old.kind, name, lines: [] });
    else changes.push(change("update", document, yamlOf(old), yamlOf(document)));
  }
  for (const [name, document] of before) {
    if (after.has(name)) continue;
    changes.push(
      options.prune
        ? change("delete", document, yamlOf(document), "")
        : { action: "unchanged", kind: document.kind, name, lines: [] },
    );
  }
  const key = ({ kind, name, action }: PolicyChange) => `${kind}\0${name}\0${action}`;
  return changes.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function change(
  action: PolicyChange["action"],
  { kind, metadata }: PolicyDocument,
  before: string,
  after: string,
): PolicyChange {
  return { action, kind, name: metadata.name, lines: diffLines(before, after) };
}

/** A document as people write it, in a fixed order so that a diff shows what changed and nothing else. */
export function yamlOf(document: PolicyDocument): string {
  const { apiVersion, kind, metadata } = document;

  const canonical = JSON.parse(canonicalJson(document.spec)) as Record<string, unknown>;
  const keys = [
    ...order.filter((key) => key in canonical),
    ...Object.keys(canonical).filter((key) => !order.includes(key)),
  ];
  const spec = Object.fromEntries(keys.map((key) => [key, canonical[key]]));
  return stringify({ apiVersion, kind, metadata, spec }, { lineWidth: 0 }).trimEnd();
}

const order = (
  "enabled mode given who except where on effects longest measure column limit per of columns detect patterns mask " +
  "exempt when action hold challenge approve expect rule masked reason"
).split(" ");
