import type { Catalogue } from "../vocabulary/index.js";
import type { SqlAnalysis, SqlContext } from "./analyser.js";
import { Lru } from "./lru.js";
import { cacheShape } from "./shape.js";

/** What one analysis costs to keep beside its key, roughly, in bytes. */
const entryBytes = 1024;

export interface AnalysisCacheLimits {
  readonly count: number;
  readonly bytes: number;
}

/** Analyses that hold under one context and catalogue. */
interface Bucket {
  readonly texts: Lru<SqlAnalysis>;
  readonly shapes: Lru<SqlAnalysis>;
}

/** Analyses by text, and by shape where the analysis said that no literal had a say. */
export class AnalysisCache {
  /** The one asked for last comes last. */
  readonly #buckets = new Map<string, Bucket>();
  #last: { readonly parts: Parts; readonly bucket: Bucket } | null = null;

  constructor(readonly limits: AnalysisCacheLimits) {}

  find(text: string, context: SqlContext, catalogue: Catalogue): SqlAnalysis | undefined {
    const bucket = this.#bucket(context, catalogue);
    const known = bucket.texts.get(text);
    if (known !== undefined) return known;
    const shape = cacheShape(text);
    return shape === null ? undefined : bucket.shapes.get(shape);
  }

  keep(
    text: string,
    context: SqlContext,
    catalogue: Catalogue,
    found: { readonly analysis: SqlAnalysis; readonly shareable: boolean; readonly repeatable: boolean },
  ): void {
    if (!found.repeatable) return;
    const bucket = this.#bucket(context, catalogue);
    const weight = entryBytes + 2 * text.length + weigh(found.analysis);
    bucket.texts.set(text, found.analysis, weight);
    const shape = found.shareable ? cacheShape(text) : null;
    if (shape !== null) bucket.shapes.set(shape, found.analysis, weight);
    this.#bound(bucket);
  }

  /** Everything beside the text that an analysis looks at makes a bucket of its own. */
  #bucket(context: SqlContext, catalogue: Catalogue): Bucket {
    // The same session asks again and again: comparing is faster than making a key.
    const last = this.#last;
    if (last !== null && isOf(last.parts, context, catalogue)) return last.bucket;
    const parts = partsOf(context, catalogue);
    const key = JSON.stringify(parts.map((part) => (part === undefined ? [] : part)));
    const { count, bytes } = this.limits;
    const each = { count, weight: bytes / 2 };
    const bucket = this.#buckets.get(key) ?? { texts: new Lru<SqlAnalysis>(each), shapes: new Lru<SqlAnalysis>(each) };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    this.#last = { parts, bucket };
    return bucket;
  }

  /** Whole buckets go first, the oldest before the others: a catalogue that has changed is not asked for again. */
  #bound(current: Bucket): void {
    let count = 0;
    let bytes = 0;
    for (const { texts, shapes } of this.#buckets.values()) {
      count += Math.max(texts.size, shapes.size);
      bytes += entryBytes + texts.weight + shapes.weight;
    }
    for (const [key, bucket] of this.#buckets) {
      if (count <= this.limits.count && bytes <= this.limits.bytes) return;
      if (bucket === current) continue;
      this.#buckets.delete(key);
      count -= Math.max(bucket.texts.size, bucket.shapes.size);
      bytes -= entryBytes + bucket.texts.weight + bucket.shapes.weight;
    }
  }
}

type Parts = ReturnType<typeof partsOf>;

function partsOf({ database, role, searchPath, settings }: SqlContext, catalogue: Catalogue) {
  return [
    catalogue.version,
    catalogue.key,
    role,
    database,
    searchPath,
    settings.standard_conforming_strings,
    settings.client_encoding,
  ] as const;
}

/** Whether these are the context's and the catalogue's parts. */
function isOf(parts: Parts, { database, role, searchPath, settings }: SqlContext, catalogue: Catalogue): boolean {
  return (
    parts[0] === catalogue.version &&
    parts[1] === catalogue.key &&
    parts[2] === role &&
    parts[3] === database &&
    parts[4] === searchPath &&
    parts[5] === settings.standard_conforming_strings &&
    parts[6] === settings.client_encoding
  );
}

function weigh(analysis: SqlAnalysis): number {
  let bytes = 2 * analysis.shape.length + 2 * (analysis.copyQuery?.length ?? 0) + 8 * analysis.reach.length;
  for (const resource of analysis.resources) bytes += 64 + 2 * resource.name.length;
  for (const column of analysis.columns) bytes += 48 + 2 * column.name.length;
  for (const result of analysis.results ?? [])
    for (const column of result ?? []) {
      bytes += 48;
      for (const source of column.sources) bytes += 64 + 2 * source.name.length;
    }
  return bytes;
}
