import type { Rights, Scope, ScopedPermission } from "../identity/index.js";
import { type PolicyDocument, planChanges } from "../policy/index.js";
import { HoopError } from "../vocabulary/index.js";

type Where = readonly (Scope | null)[];

/**
 * Whether a document is about connections alone on which its reader or author has the permission. What it is about is read
 * from the labels that each of its clauses asks for: names say nothing, for a name can be given to another connection.
 */
export function documentWithin(rights: Rights, permission: ScopedPermission, document: PolicyDocument): boolean {
  if (rights.has(permission)) return true;
  const about = aboutOf(document);
  return about.length > 0 && about.every((scope) => scope !== null && rights.hasWithin(permission, scope));
}

/** Throws HoopError `denied` unless everything that applying would create, change or remove is within. */
export function mayApply(
  rights: Rights,
  current: readonly PolicyDocument[],
  wanted: readonly PolicyDocument[],
  prune: boolean,
): void {
  if (rights.has("policy.write")) return;
  const before = new Map(current.map((document) => [document.metadata.name, document]));
  const after = new Map(wanted.map((document) => [document.metadata.name, document]));
  for (const { action, name } of planChanges(current, wanted, { prune })) {
    if (action === "unchanged") continue;
    for (const document of [before.get(name), after.get(name)]) {
      if (document === undefined || documentWithin(rights, "policy.write", document)) continue;
      // A name is taken among all documents: that much of others' one learns by trying.
      throw new HoopError(
        "denied",
        `${document.kind} "${name}" is about connections on which you may not write rules`,
        {
          hint: "give `where` your labels: where: { label: { team: payments } }",
        },
      );
    }
  }
}

/** One scope a clause of `where`; null: it may be about any connection. */
function aboutOf({ kind, spec }: PolicyDocument): Where {
  // Tests are about the whole set, and tokens are turned back wherever they were seen.
  if (kind === "test" || (kind === "request" && spec["reveal"] !== undefined)) return [null];
  const where = spec["where"];
  if (where === undefined || typeof where === "string") return [null];
  return (Array.isArray(where) ? where : [where]).map(scopeOf);
}

function scopeOf(clause: unknown): Scope | null {
  const label = (clause as { readonly label?: unknown } | null)?.label;
  if (typeof label !== "object" || label === null) return null;
  const plain = Object.entries(label)
    .map(([name, given]): [string, readonly string[]] => [
      name,
      Array.isArray(given) ? given.map(String) : [String(given)],
    ])
    // With a wildcard it could be any value: as if the label were not asked for.
    .filter(([, values]) => values.every((value) => !value.includes("*")));
  return plain.length === 0 ? null : Object.fromEntries(plain);
}
