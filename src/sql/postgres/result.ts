import type { ResultColumn, ResultSource } from "../analyser.js";
import type { Column, Origin } from "./column.js";

/** More columns than a target list may have: PostgreSQL refuses such a query itself. */
const maxColumns = 1664;
/** Sources beyond this are not worth keeping: what is made of so much is as good as unknown. */
const maxSources = 20_000;

/** The columns of a result as plain data; null where a star hides which column stands where. */
export function resultFrom(columns: readonly Column[]): readonly ResultColumn[] | null {
  if (columns.length > maxColumns || columns.some((column) => column.name === "*")) return null;
  let sources = 0;
  for (const column of columns) sources += column.origins.length;
  if (sources > maxSources) return null;
  return columns.map((column) => ({ sources: column.origins.map(sourceFrom), plain: column.plain }));
}

function sourceFrom({ relation, name, kind, via }: Origin): ResultSource {
  return { relation, name, kind: kind ?? "made", via: via === true };
}
