import type { CatalogueRelation } from "../../vocabulary/index.js";
import { constantValue, type Place } from "./constant-condition.js";
import { nameRelation } from "./relation-name.js";
import { type CommonTable, findItem, findTable, type Scope } from "./scope.js";
import { bodyOf, isKind, list, names, type Tree, tree, unwrap, word } from "./tree.js";

/** Every row of the changed relation, under another name: each once at least, with some of its columns. */
interface OwnRows {
  readonly alias: string;
  /** Columns in order: the changed relation's column that each is; null: something else. */
  readonly columns: readonly { readonly name: string; readonly of: string | null }[];
}

/** `id in (select id from t)`, `exists (select 1 from t u where u.id = t.id)`: every row of the changed relation finds itself. */
export function takesOwnRows(link: Tree, place: Place): boolean {
  const query = bodyOf(link.subselect, "SelectStmt");
  const rows = query === null ? null : ownRows(list(query.fromClause), place.scope, place);
  if (query === null || rows === null || !keepsRows(query)) return false;
  // A function could give no row.
  const values = list(query.targetList).map((each) => bodyOf(each, "ResTarget")?.val);
  if (!values.every((value) => ["A_Const", "ColumnRef"].includes(unwrap(value)?.kind ?? ""))) return false;
  const isTrue = (condition: unknown) => holdsForItself(condition, rows, place, true);
  if (query.whereClause !== undefined && !isTrue(query.whereClause)) return false;
  switch (word(link.subLinkType)) {
    case "ANY_SUBLINK": {
      const operator = names(link.operName);
      if (operator.length > 0 && operator.join(".") !== "=") return false;
      const asked = list(bodyOf(link.testexpr, "RowExpr")?.args ?? [link.testexpr]);
      // What is asked for stands outside of the query, the values inside.
      return (
        asked.length === values.length &&
        asked.every((each, at) => {
          const value = renamed(values[at], rows, place, true);
          return value !== null && constantValue(equal(each, value), place) === true;
        })
      );
    }
    case "EXISTS_SUBLINK":
      return query.whereClause !== undefined;
    default:
      return false;
  }
}

/** `delete from t using t u where t.id = u.id`: nothing but that every row finds itself. */
export function joinsOwnRows(clause: unknown, condition: unknown, place: Place): boolean {
  const rows = ownRows(list(clause), place.scope, place);
  return rows !== null && rows.alias !== place.target.alias && holdsForItself(condition, rows, place, false);
}

/** `insert into t select * from t on conflict (id) …`: each row is in conflict with itself. */
export function conflictsWithItself(body: Tree, place: Place): boolean {
  const { relation } = place.target;
  const rows = relation === null ? null : ownQuery(bodyOf(body.selectStmt, "SelectStmt"), place.scope, place);
  if (relation === null || rows === null) return false;
  const listed = list(body.cols).map((each) => word(bodyOf(each, "ResTarget")?.name));
  const written = listed.length > 0 ? listed : relation.columns.map(({ name }) => name);
  const isItself = (name: string) => rows[written.indexOf(name)]?.of === name;
  const infer = tree(tree(body.onConflictClause).infer);
  const keys = list(infer.indexElems).map((each) => word(bodyOf(each, "IndexElem")?.name));
  // A constraint may be of any column, and an index of some rows only.
  const decided = keys.length > 0 && keys.every((key) => key !== "") && infer.whereClause === undefined;
  return (decided ? keys : relation.columns.map(({ name }) => name)).every(isItself);
}

function equal(lexpr: unknown, rexpr: unknown): Tree {
  return { A_Expr: { kind: "AEXPR_OP", name: [{ String: { sval: "=" } }], lexpr, rexpr } };
}

/** Whether a condition is true of a row beside itself. */
function holdsForItself(condition: unknown, rows: OwnRows, place: Place, inside: boolean): boolean {
  if (condition === undefined) return false;
  const itself = renamed(condition, rows, place, inside);
  return itself !== null && constantValue(itself, place) === true;
}

/** An expression with the other name of the rows taken for the changed relation's own; null: that cannot be told. */
function renamed(node: unknown, rows: OwnRows, { target }: Place, inside: boolean): unknown {
  let unclear = false;
  const column = (fields: readonly string[]): readonly string[] => {
    const [first = "", second] = fields;
    const own = target.relation?.columns.some(({ name }) => name === first) === true;
    const theirs = rows.columns.find(({ name }) => name === (second ?? first));
    // Inside of a query its own columns come first; beside each other two of one name are an error.
    const isTheirs = second === undefined ? theirs !== undefined && (inside || !own) : first === rows.alias;
    if (!isTheirs) return fields;
    if (fields.length > 2 || fields.includes("*") || theirs === undefined || theirs.of === null) unclear = true;
    return [target.alias, theirs?.of ?? "?"];
  };
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (isKind(key) && (key === "SubLink" || key === "CurrentOfExpr")) unclear = true;
        if (key !== "ColumnRef") return [key, walk(inner)];
        const before = names(tree(inner).fields);
        const fields = column(before);
        return fields === before ? [key, inner] : [key, { fields: fields.map((sval) => ({ String: { sval } })) }];
      }),
    );
  };
  const walked = walk(node);
  return unclear ? null : walked;
}

/** Anything else in a query may leave rows out. */
const plain = new Set(["targetList", "fromClause", "whereClause", "limitOption", "op", "sortClause", "distinctClause"]);

/** No row is left out, but for those that are equal to another and what WHERE says. DISTINCT ON takes one of several. */
function keepsRows(query: Tree): boolean {
  return (
    Object.keys(query).every((key) => plain.has(key)) &&
    list(query.distinctClause).every((each) => unwrap(each) === null)
  );
}

/** The one thing in FROM, where it is the changed relation with all that inherits from it. */
function ownRows(ranges: readonly unknown[], scope: Scope, place: Place): OwnRows | null {
  const { kind, body } = unwrap(ranges[0]) ?? { kind: "", body: {} };
  const alias = tree(body.alias);
  // Columns of another name.
  if (ranges.length !== 1 || list(alias.colnames).length > 0) return null;
  const name = word(alias.aliasname) || word(body.relname);
  const rows =
    kind === "RangeVar"
      ? ownRange(body, scope, place)
      : kind === "RangeSubselect"
        ? ownQuery(bodyOf(body.subquery, "SelectStmt"), scope, place)
        : null;
  return rows === null ? null : { alias: name, columns: rows };
}

function ownRange(range: Tree, scope: Scope, place: Place): OwnRows["columns"] | null {
  const { reading, target } = place;
  const [schema, name] = [word(range.schemaname), word(range.relname)];
  if (range.inh !== true || target.relation === null) return null;
  const table = schema === "" ? findTable(scope, name) : null;
  if (table !== null) return ownTable(table, place);
  const named = nameRelation(reading.index, reading.path, schema, name);
  if (named.kind !== "known" || named.relation.id !== target.relation.id) return null;
  // A table of this session's own may stand before it; then the target is that one as well.
  return findItem(place.scope, target.alias, null) === target ? columnsOf(target.relation) : null;
}

/** `with t as (select id from orders)` */
function ownTable({ query, within }: CommonTable, place: Place): OwnRows["columns"] | null {
  return query === undefined || within === undefined ? null : ownQuery(query, within, place);
}

function ownQuery(query: Tree | null, scope: Scope, place: Place): OwnRows["columns"] | null {
  if (query === null || query.whereClause !== undefined || !keepsRows(query)) return null;
  const rows = ownRows(list(query.fromClause), scope, place);
  if (rows === null) return null;
  const columns: { readonly name: string; readonly of: string | null }[] = [];
  for (const each of list(query.targetList)) {
    const target = tree(bodyOf(each, "ResTarget"));
    const path = names(bodyOf(target.val, "ColumnRef")?.fields);
    const name = path.at(-1);
    if (path.length > 2 || (path.length === 2 && path[0] !== rows.alias)) return null;
    if (name === "*") columns.push(...rows.columns);
    else if (name !== undefined) {
      const of = rows.columns.find((column) => column.name === name)?.of ?? null;
      columns.push({ name: word(target.name) || name, of });
    } else if (bodyOf(target.val, "A_Const") !== null)
      columns.push({ name: word(target.name) || "?column?", of: null });
    else return null;
  }
  return columns;
}

function columnsOf({ columns }: CatalogueRelation): OwnRows["columns"] {
  return columns.map(({ name }) => ({ name, of: name }));
}
