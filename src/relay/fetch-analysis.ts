import type { Ask } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";

const made = new WeakMap<SqlAnalysis, WeakMap<SqlAnalysis, SqlAnalysis>>();

/**
 * What a FETCH does, where it is known what its cursor was declared for: it returns those columns. Their conditions were judged
 * then. The same object for the same two, as decisions and plans are kept by it.
 */
export function fetchAnalysis(analysis: SqlAnalysis, { cursors }: Pick<Ask, "cursors">): SqlAnalysis {
  if (analysis.cursor?.does !== "fetch") return analysis;
  const declared = cursors?.get(analysis.cursor.name) as SqlAnalysis | undefined;
  if (declared === undefined) return analysis;
  let byDeclared = made.get(analysis);
  if (byDeclared === undefined) {
    byDeclared = new WeakMap();
    made.set(analysis, byDeclared);
  }
  let joined = byDeclared.get(declared);
  if (joined === undefined) {
    const { shape, effects, attributes, changesContext, changesCatalogue, cursor } = analysis;
    const columns = declared.columns.filter(({ use }) => use !== "predicate");
    joined = { ...declared, shape, effects, attributes, changesContext, changesCatalogue, cursor, columns };
    byDeclared.set(declared, joined);
  }
  return joined;
}
