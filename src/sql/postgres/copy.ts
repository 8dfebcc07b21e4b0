import { scanTokens } from "../lexer.js";
import { addAll, type Collector } from "./column.js";
import { readExpression } from "./expression.js";
import type { Reading } from "./reading.js";
import { readRelation } from "./relation.js";
import { columnOf, createScope, type Scope } from "./scope.js";
import { give, readStatement, type Told } from "./statement.js";
import { list, names, type Tree, tree, word } from "./tree.js";
import { writeTarget } from "./write-target.js";

/** COPY: out of or into a relation, from a query, to the client, a file of the server or a program on it. */
export function readCopy(reading: Reading, body: Tree, scope: Scope, out: Collector, told: Told): void {
  const { findings } = reading;
  const outside = body.is_program === true || word(body.filename) !== "";
  if (outside) {
    findings.effect("admin");
    findings.escapes.add(body.is_program === true ? "copy_program" : "copy_file");
    // The command line may hold anything, secrets too: its program is not a path.
    findings.resource(
      "path",
      body.is_program === true ? "?" : word(body.filename),
      body.is_from === true ? "read" : "write",
    );
  }
  if (body.is_from === true) copyIn(reading, body);
  else copyOut(reading, body, scope, { out, told }, outside);
}

function copyIn(reading: Reading, body: Tree): void {
  const { findings } = reading;
  findings.effect("write");
  const target = writeTarget(reading, tree(body.relation), false);
  const columns = names(body.attlist);
  for (const name of columns.length === 0 ? ["*"] : columns)
    findings.add({ relation: target.relation?.id ?? null, name }, "target");
  const scope = createScope(null);
  scope.items.push(target);
  readExpression(reading, body.whereClause, scope, "predicate", findings);
}

function copyOut(
  reading: Reading,
  body: Tree,
  scope: Scope,
  { out, told }: { readonly out: Collector; readonly told: Told },
  outside: boolean,
): void {
  const { findings } = reading;
  findings.effect("read");
  findings.copiesOut ||= !outside;
  const leaving: Collector = outside
    ? { add: (origin, use) => findings.add(origin, use === "output" || use === "computed" ? "sink" : use) }
    : out;
  if (body.query !== undefined) {
    readStatement(reading, body.query, scope, leaving, outside ? undefined : told);
    return;
  }
  const range = tree(body.relation);
  const item = readRelation(reading, range, word(range.relname));
  const listed = names(body.attlist);
  const columns = listed.length === 0 ? item.columns : listed.map((name) => columnOf(item, name));
  if (item.open === "named") addAll(leaving, [{ relation: null, name: "*" }], "computed");
  give(
    columns.filter((column) => column !== null),
    leaving,
  );
  if (outside || item.relation === null) return;
  const numbers = new Map(item.relation.columns.map((column) => [column.name, column.number]));
  const { id } = item.relation;
  findings.copy = columns.map((column) => ({ relation: id, column: numbers.get(column?.name ?? "") ?? 0 }));
}

/**
 * The query of `COPY (query) TO STDOUT`, as written; null when the text is nothing but that.
 *
 * @param text one COPY statement
 */
export function copiedQuery(text: string): string | null {
  let depth = 0;
  let from = -1;
  let query: string | null = null;
  scanTokens(text, (kind, start, end) => {
    if (kind !== "mark" || query !== null) return;
    if (text[start] === "(") {
      depth += 1;
      if (depth === 1) from = end;
    } else if (text[start] === ")") {
      depth -= 1;
      if (depth === 0) query = text.slice(from, start);
    }
  });
  return query;
}

/** A COPY of a query to the client. */
export function copiesQuery(body: Tree): boolean {
  return (
    body.query !== undefined &&
    body.is_program !== true &&
    word(body.filename) === "" &&
    list(body.attlist).length === 0
  );
}
