import type { Place } from "./constant-condition.js";
import { nameRelation } from "./relation-name.js";
import { findItem, findTable } from "./scope.js";
import { bodyOf, list, names, type Tree, tree, unwrap, word } from "./tree.js";

/** A column by its name, and the name before it. */
interface Reference {
  readonly of: string | null;
  readonly name: string;
}

function reference(node: unknown): Reference | null {
  const fields = names(bodyOf(node, "ColumnRef")?.fields);
  const [first, second] = fields;
  if (first === undefined || fields.length > 2 || fields.includes("*")) return null;
  return second === undefined ? { of: null, name: first } : { of: first, name: second };
}

/** Anything else in a query may leave rows out. */
const plain = new Set(["targetList", "fromClause", "whereClause", "limitOption", "op"]);

/** `id in (select id from t)`, `exists (select 1 from t u where u.id = t.id)`: every row of the changed relation finds itself. */
export function takesOwnRows(link: Tree, place: Place): boolean {
  const query = bodyOf(link.subselect, "SelectStmt");
  const range = query === null ? null : ownRange(query.fromClause, place);
  if (query === null || range === null || !Object.keys(query).every((key) => plain.has(key))) return false;
  const values = list(query.targetList).map((each) => bodyOf(each, "ResTarget")?.val);
  switch (word(link.subLinkType)) {
    case "ANY_SUBLINK": {
      const operator = names(link.operName);
      if (query.whereClause !== undefined || (operator.length > 0 && operator.join(".") !== "=")) return false;
      const [asked, given] = [reference(link.testexpr), reference(values[0])];
      if (asked === null || given === null || values.length !== 1) return false;
      const ofTarget = asked.of === place.target.alias || (asked.of === null && place.scope.items.length === 1);
      return ofTarget && asked.name === given.name && (given.of === null || given.of === range.alias);
    }
    case "EXISTS_SUBLINK": {
      // A function could give no row.
      if (!values.every((value) => ["A_Const", "ColumnRef"].includes(unwrap(value)?.kind ?? ""))) return false;
      return query.whereClause === undefined ? false : joinsItself(query.whereClause, range.alias, place.target.alias);
    }
    default:
      return false;
  }
}

/** `delete from t using t u where t.id = u.id`: nothing but that every row finds itself. */
export function joinsOwnRows(clause: unknown, condition: unknown, place: Omit<Place, "known">): boolean {
  const range = ownRange(clause, place);
  return range !== null && condition !== undefined && joinsItself(condition, range.alias, place.target.alias);
}

function joinsItself(condition: unknown, alias: string, target: string): boolean {
  if (alias === target) return false;
  const bool = bodyOf(condition, "BoolExpr");
  if (bool !== null)
    return word(bool.boolop) === "AND_EXPR" && list(bool.args).every((arm) => joinsItself(arm, alias, target));
  const body = bodyOf(condition, "A_Expr");
  if (body === null || word(body.kind) !== "AEXPR_OP" || names(body.name).join(".") !== "=") return false;
  const [left, right] = [reference(body.lexpr), reference(body.rexpr)];
  if (left === null || right === null || left.name !== right.name) return false;
  return (left.of === alias && right.of === target) || (left.of === target && right.of === alias);
}

/** The one relation of a FROM, where it is the changed one with all that inherits from it. */
function ownRange(
  clause: unknown,
  { reading, scope, target }: Omit<Place, "known">,
): { readonly alias: string } | null {
  const ranges = list(clause);
  const range = bodyOf(ranges[0], "RangeVar");
  if (ranges.length !== 1 || range === null || range.inh !== true || target.relation === null) return null;
  const [schema, name] = [word(range.schemaname), word(range.relname)];
  if (schema === "" && findTable(scope, name) !== null) return null;
  const named = nameRelation(reading.index, reading.path, schema, name);
  if (named.kind !== "known" || named.relation.id !== target.relation.id) return null;
  const alias = tree(range.alias);
  // Columns of another name.
  if (list(alias.colnames).length > 0) return null;
  // A table of this session's own may stand before it; then the target is that one as well.
  return findItem(scope, target.alias, null) === target ? { alias: word(alias.aliasname) || name } : null;
}
