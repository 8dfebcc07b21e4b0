import { hash } from "node:crypto";
import type { DescribedAnalysis, EntryBody } from "./entry.js";
import type { NewEntry } from "./new-entry.js";
import type { RecordingStore, StoredEntry } from "./store.js";

/** The analyses that entries of a batch describe. */
export function describedIn(entries: readonly NewEntry[]): readonly DescribedAnalysis[] {
  return entries.flatMap(({ kind, body }) => (kind === "analysis" ? [describedBy(body.toString("utf8"))] : []));
}

/** The text stands last in the body, as it was hashed. */
function describedBy(body: string): DescribedAnalysis {
  const mark = ',"described":';
  const text = body.slice(body.indexOf(mark) + mark.length, -1);
  return { text, hash: hash("sha256", text, "hex") };
}

/**
 * Stored entries as their readers want them: parsed, and each statement with its analysis in the place of its hash. One that
 * the store lacks, or has another text for, stays a hash.
 */
export async function readBodies(
  store: Pick<RecordingStore, "analyses">,
  entries: readonly Pick<StoredEntry, "body">[],
): Promise<readonly EntryBody[]> {
  const bodies = entries.map(({ body }) => JSON.parse(body) as EntryBody);
  const wanted = new Set<string>();
  for (const body of bodies)
    if (body.kind === "statement" && typeof body["analysis"] === "string") wanted.add(body["analysis"]);
  if (wanted.size === 0) return bodies;
  const analyses = new Map<string, unknown>();
  for (const [name, text] of await store.analyses([...wanted]))
    if (hash("sha256", text, "hex") === name) analyses.set(name, JSON.parse(text));
  return bodies.map((body) => {
    const analysis = body.kind === "statement" ? analyses.get(String(body["analysis"])) : undefined;
    return analysis === undefined ? body : { ...body, analysis };
  });
}
