import type { Ask } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import type { Catalogue } from "../vocabulary/index.js";
import { reachedDigest } from "./reached.js";

const made = new WeakMap<SqlAnalysis, WeakMap<SqlAnalysis, SqlAnalysis>>();

/** What was read of a cursor's query, by which definitions, and by which of later ones it still holds. */
interface Declared {
  readonly catalogue: Catalogue;
  readonly holds: WeakMap<Catalogue, boolean>;
}

const declaredBy = new WeakMap<SqlAnalysis, Declared>();

/** A cursor is declared under this analysis, which was made by these definitions. */
export function declares(analysis: SqlAnalysis, catalogue: Catalogue): void {
  if (analysis.cursor?.does === "declare" && declaredBy.get(analysis)?.catalogue !== catalogue)
    declaredBy.set(analysis, { catalogue, holds: new WeakMap() });
}

/** Whether what the cursor reaches is what it was: functions run as they are when rows are fetched. */
function stillHolds(declared: SqlAnalysis, catalogue: Catalogue): boolean {
  const by = declaredBy.get(declared);
  if (by === undefined || by.catalogue === catalogue) return true;
  let holds = by.holds.get(catalogue);
  if (holds === undefined) {
    const digest = (of: Catalogue): string => reachedDigest(declared.shape, declared, of).digest;
    holds = digest(by.catalogue) === digest(catalogue);
    by.holds.set(catalogue, holds);
  }
  return holds;
}

/**
 * What a FETCH does, where it is known what its cursor was declared for: it returns those columns. Their conditions were judged
 * then. The same object for the same two, as decisions and plans are kept by it.
 */
export function fetchAnalysis(
  analysis: SqlAnalysis,
  { cursors }: Pick<Ask, "cursors">,
  catalogue: Catalogue,
): SqlAnalysis {
  if (analysis.cursor?.does !== "fetch") return analysis;
  const declared = cursors?.get(analysis.cursor.name) as SqlAnalysis | undefined;
  if (declared === undefined || !stillHolds(declared, catalogue)) return analysis;
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
