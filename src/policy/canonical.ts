import { createHash } from "node:crypto";
import type { PolicyDocument } from "./documents/index.js";

/** JSON with sorted keys: equal values give equal texts, whatever order they were written in. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

export function sortDocuments(documents: readonly PolicyDocument[]): readonly PolicyDocument[] {
  const key = (document: PolicyDocument) => `${document.kind}\0${document.metadata.name}`;
  return documents.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** The version of a set: equal documents, equal version, on every replica. */
export function versionOf(documents: readonly PolicyDocument[]): string {
  return createHash("sha256")
    .update(canonicalJson(sortDocuments(documents)))
    .digest("hex")
    .slice(0, 32);
}
