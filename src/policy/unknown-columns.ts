import type { Connection } from "../vocabulary/index.js";
import type { PolicyChecks } from "./checks.js";
import { suggestion } from "./closest.js";
import type { CompiledPolicy } from "./compile.js";
import { concernsConnection } from "./demands.js";
import type { PolicyDocument } from "./documents/index.js";
import { problemAt } from "./parse-documents.js";
import type { Rule } from "./rule.js";

/** Columns by table, as `schema.table`, in lower case. */
export type KnownColumns = ReadonlyMap<string, ReadonlySet<string>>;

/** Connections whose catalogue is asked for one plan; the others are not looked at. */
const maxAsked = 16;

/**
 * Columns that a rule spells out, table and all, and that no connection has which it is about and which has the table. What
 * is named with `*`, or by the column alone, may be anywhere and is not looked for.
 */
export async function unknownColumns(
  set: CompiledPolicy,
  changed: ReadonlySet<string>,
  checks: PolicyChecks,
): Promise<{ readonly problems: readonly string[]; readonly warnings: readonly string[] }> {
  const known = new Map<Connection, Promise<KnownColumns | null>>();
  const columnsOf = (connection: Connection): Promise<KnownColumns | null> => {
    let found = known.get(connection);
    if (!found) {
      found = known.size < maxAsked ? checks.columns(connection) : Promise.resolve(null);
      known.set(connection, found);
    }
    return found;
  };
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const rule of set.rules) {
    const document = set.documents.find(({ metadata }) => metadata.name === rule.id);
    if (!document || !changed.has(rule.id)) continue;
    const spelled = spelledOut(rule, document);
    if (spelled.length === 0) continue;
    const asked = checks.connections().filter((connection) => concernsConnection(rule, connection));
    const catalogues = (await Promise.all(asked.map(columnsOf))).filter((one) => one !== null);
    if (catalogues.length === 0 && asked.length > 0)
      warnings.push(problemAt(document, ["spec"], "its columns could not be looked up: no catalogue is known now"));
    for (const { path, table, column, text } of spelled) {
      const tables = catalogues.flatMap((columns) => tablesLike(columns, table));
      if (tables.length === 0 || tables.some((columns) => columns.has(column))) continue;
      const near = suggestion(column, [...tables[0]!].slice(0, 12));
      problems.push(
        problemAt(document, path, `"${text}" names a column that table does not have on any connection (${near})`),
      );
    }
  }
  return { problems, warnings };
}

interface Spelled {
  readonly path: readonly PropertyKey[];
  readonly table: string;
  readonly column: string;
  readonly text: string;
}

/** Columns of masks, budgets and `columns` criteria of guards and access that hold no `*` and name their table. */
function spelledOut(rule: Rule, { spec }: PolicyDocument): readonly Spelled[] {
  const found: Spelled[] = [];
  const add = (value: unknown, path: readonly PropertyKey[]) => {
    const items = Array.isArray(value)
      ? value.map((item, at) => [item, [...path, at]] as const)
      : [[value, path] as const];
    for (const [text, place] of items) {
      if (typeof text !== "string" || text.includes("*")) continue;
      const parts = text.toLowerCase().split(".");
      if (parts.length < 2) continue;
      found.push({ path: place, text, column: parts.at(-1)!, table: parts.slice(0, -1).join(".") });
    }
  };
  if (rule.kind === "mask") add(spec["columns"], ["spec", "columns"]);
  if (rule.kind === "budget") add(spec["column"], ["spec", "column"]);
  const clauses: readonly unknown[] = Array.isArray(spec["when"]) ? spec["when"] : [spec["when"]];
  for (const [at, clause] of clauses.entries()) {
    const columns = (clause as { columns?: { any?: unknown; only?: unknown } } | undefined)?.columns;
    const path = Array.isArray(spec["when"]) ? ["spec", "when", at, "columns"] : ["spec", "when", "columns"];
    for (const word of ["any", "only"] as const) if (columns?.[word]) add(columns[word], [...path, word]);
  }
  return found;
}

function tablesLike(columns: KnownColumns, table: string): ReadonlySet<string>[] {
  if (table.includes(".")) return columns.has(table) ? [columns.get(table)!] : [];
  return [...columns].filter(([name]) => name.endsWith(`.${table}`)).map(([, names]) => names);
}
