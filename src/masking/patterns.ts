import type { ColumnMask, Mask } from "../vocabulary/index.js";
import { compileGlob } from "./glob.js";

/** Finds what a column is masked with; null: nothing. */
export type FindMask = (schema: string, table: string, column: string) => RankedMask | null;

/** A mask and its place in the list it came from: a lower rank is more specific and wins. */
export interface RankedMask {
  readonly rank: number;
  readonly mask: Mask;
  /** The document that says so; null: Hoop itself. */
  readonly rule: string | null;
  /** As in `ColumnMask`. */
  readonly predicates?: ColumnMask["predicates"];
  readonly counts?: ColumnMask["counts"];
}

interface Pattern extends RankedMask {
  readonly schema: (name: string) => boolean;
  readonly table: (name: string) => boolean;
  readonly column: (name: string) => boolean;
  readonly namesSystem: boolean;
}

const systemSchemas = new Set(["pg_catalog", "information_schema"]);

/** Compiles patterns. Column names repeat over thousands of tables, so patterns are tried once a name. */
export function compilePatterns(masks: readonly ColumnMask[]): FindMask {
  const patterns = masks.map(patternFrom);
  const byColumn = new Map<string, readonly Pattern[]>();
  return (schema, table, column) => {
    const name = column.toLowerCase();
    let candidates = byColumn.get(name);
    if (!candidates) {
      candidates = patterns.filter((pattern) => pattern.column(name));
      byColumn.set(name, candidates);
    }
    if (candidates.length === 0) return null;
    const lowerSchema = schema.toLowerCase();
    const lowerTable = table.toLowerCase();
    // `*.*.name` means the user's tables, not the system's own, which every client reads to find its way.
    const system = systemSchemas.has(lowerSchema);
    return (
      candidates.find(
        (pattern) => (!system || pattern.namesSystem) && pattern.schema(lowerSchema) && pattern.table(lowerTable),
      ) ?? null
    );
  };
}

function patternFrom({ pattern, mask, rule, predicates, counts }: ColumnMask, rank: number): Pattern {
  const parts = ["*", "*", "*", ...pattern.split(".")].slice(-3);
  const [schema, table, column] = parts as [string, string, string];
  return {
    rank,
    mask,
    rule,
    predicates: predicates ?? "deny",
    counts,
    schema: compileGlob(schema),
    table: compileGlob(table),
    column: compileGlob(column),
    namesSystem: /^(pg_|information_schema)/i.test(schema),
  };
}
