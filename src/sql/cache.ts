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

/** Analyses by text, and by shape where the analysis said that no literal had a say. */
export class AnalysisCache {
  readonly #texts: Lru<SqlAnalysis>;
  readonly #shapes: Lru<SqlAnalysis>;

  constructor(limits: AnalysisCacheLimits) {
    const each = { count: limits.count, weight: limits.bytes / 2 };
    this.#texts = new Lru(each);
    this.#shapes = new Lru(each);
  }

  find(text: string, context: SqlContext, catalogue: Catalogue): SqlAnalysis | undefined {
    const key = contextKey(context, catalogue);
    const known = this.#texts.get(key + text);
    if (known !== undefined) return known;
    const shape = cacheShape(text);
    return shape === null ? undefined : this.#shapes.get(key + shape);
  }

  keep(
    text: string,
    context: SqlContext,
    catalogue: Catalogue,
    found: { readonly analysis: SqlAnalysis; readonly shareable: boolean; readonly repeatable: boolean },
  ): void {
    if (!found.repeatable) return;
    const key = contextKey(context, catalogue);
    const weight = entryBytes + 2 * (key.length + text.length) + weigh(found.analysis);
    this.#texts.set(key + text, found.analysis, weight);
    const shape = found.shareable ? cacheShape(text) : null;
    if (shape !== null) this.#shapes.set(key + shape, found.analysis, weight);
  }
}

/** Everything beside the text that the analysis looks at. A part cannot run into the next: each ends with a character that none holds. */
function contextKey(context: SqlContext, catalogue: Catalogue): string {
  const { settings } = context;
  return `${catalogue.key}\u0001${catalogue.version}\u0001${context.database}\u0001${context.role}\u0001${context.searchPath ?? "\u0002"}\u0001${
    settings.standard_conforming_strings ?? "\u0002"
  }\u0001${settings.client_encoding ?? "\u0002"}\u0001`;
}

function weigh(analysis: SqlAnalysis): number {
  let bytes = 2 * analysis.shape.length + 2 * (analysis.copyQuery?.length ?? 0) + 8 * analysis.reach.length;
  for (const resource of analysis.resources) bytes += 64 + 2 * resource.name.length;
  for (const column of analysis.columns) bytes += 48 + 2 * column.name.length;
  return bytes;
}
