import type { FromItem } from "./column.js";
import { readExpression } from "./expression.js";
import type { Reading } from "./reading.js";
import type { Scope } from "./scope.js";
import { bodyOf, list, names, tree, unwrap, word } from "./tree.js";

/**
 * Reads the condition of a modification and says whether it chooses among the target's rows. `true`, `1 = 1`, `x = x`, anything
 * that names no column of the target, and an OR with such an arm choose nothing.
 */
export function readCondition(
  reading: Reading,
  node: unknown,
  scope: Scope,
  target: FromItem,
  negated = false,
): boolean {
  if (node === undefined || node === null) return false;
  const bool = bodyOf(node, "BoolExpr");
  if (bool !== null) {
    const not = word(bool.boolop) === "NOT_EXPR";
    if (word(bool.boolop) === "OR_EXPR" && !negated && isOneOrItsOpposite(reading, list(bool.args), scope)) {
      readExpression(reading, node, scope, "predicate", reading.findings);
      return false;
    }
    const arms = list(bool.args).map((arm) => readCondition(reading, arm, scope, target, not ? !negated : negated));
    // Negation turns an AND into an OR of negations.
    return (word(bool.boolop) === "OR_EXPR") !== negated && !not ? arms.every(Boolean) : arms.some(Boolean);
  }
  const coalesce = bodyOf(node, "CoalesceExpr");
  if (coalesce !== null)
    return list(coalesce.args)
      .map((arm) => readCondition(reading, arm, scope, target, negated))
      .some(Boolean);
  if (bodyOf(node, "CurrentOfExpr") !== null) return true;
  target.touched = false;
  readExpression(reading, node, scope, "predicate", reading.findings);
  return target.touched && !comparesWithItself(reading, node, scope) && !isAmongAll(node, target);
}

/** `x IS NULL OR x IS NOT NULL`, `x OR NOT x` */
function isOneOrItsOpposite(reading: Reading, arms: readonly unknown[], scope: Scope): boolean {
  const negations = arms
    .map((arm) => bodyOf(arm, "BoolExpr"))
    .flatMap((arm) => (word(arm?.boolop) === "NOT_EXPR" ? list(arm?.args) : []));
  if (negations.some((not) => arms.some((arm) => same(reading, not, arm, scope)))) return true;
  const tests = arms.map((arm) => bodyOf(arm, "NullTest")).filter((test) => test !== null);
  const of = (type: string) => tests.filter((test) => word(test.nulltesttype) === type);
  return of("IS_NULL").some((one) => of("IS_NOT_NULL").some((other) => same(reading, one.arg, other.arg, scope)));
}

function comparesWithItself(reading: Reading, node: unknown, scope: Scope): boolean {
  const wrapped = unwrap(node);
  if (wrapped?.kind !== "A_Expr") return false;
  const { kind, lexpr, rexpr } = wrapped.body;
  if (kind === "AEXPR_NOT_DISTINCT") return same(reading, lexpr, rexpr, scope);
  if (word(kind).startsWith("AEXPR_BETWEEN"))
    return list(bodyOf(rexpr, "List")?.items ?? rexpr).every((right) => same(reading, lexpr, right, scope));
  if (!["=", "<=", ">=", "~~", "~~*", "<>", "!="].includes(names(wrapped.body.name).at(-1) ?? "")) return false;
  const listed = bodyOf(rexpr, "List")?.items ?? bodyOf(rexpr, "A_ArrayExpr")?.elements;
  const rights = list(listed ?? (Array.isArray(rexpr) ? rexpr : [rexpr]));
  if (kind === "AEXPR_OP_ALL") return rights.every((right) => same(reading, lexpr, right, scope));
  return rights.some((right) => same(reading, lexpr, right, scope));
}

/** `id IN (SELECT id FROM orders)`, of the very table that is changed: each row finds itself. */
function isAmongAll(node: unknown, target: FromItem): boolean {
  const link = bodyOf(node, "SubLink");
  const query = bodyOf(link?.subselect, "SelectStmt");
  if (link?.subLinkType !== "ANY_SUBLINK" || query === null || target.relation === null) return false;
  const chooses = ["whereClause", "groupClause", "havingClause", "limitCount", "limitOffset", "larg", "withClause"];
  if (chooses.some((part) => query[part] !== undefined) || list(query.fromClause).length > 1) return false;
  const { name, schema } = target.relation;
  const from = bodyOf(list(query.fromClause)[0], "RangeVar");
  // Without a FROM it is the row's own column.
  if (query.fromClause !== undefined && (from?.relname !== name || (from.schemaname ?? schema) !== schema))
    return false;
  const [shown, ...more] = list(query.targetList).map((each) => bodyOf(each, "ResTarget")?.val);
  return more.length === 0 && lastName(shown) !== null && lastName(shown) === lastName(link.testexpr);
}

function lastName(node: unknown): string | null {
  const column = bodyOf(node, "ColumnRef");
  return column === null ? null : (names(column.fields).at(-1) ?? null);
}

/** What gives the value on as it is: `+x`, `x COLLATE "C"`, `(SELECT x)`. */
function bare(node: unknown): unknown {
  const sign = bodyOf(node, "A_Expr");
  if (sign !== null && sign.lexpr === undefined && names(sign.name).at(-1) === "+") return bare(sign.rexpr);
  const collated = bodyOf(node, "CollateClause");
  if (collated !== null) return bare(collated.arg);
  const query = bodyOf(bodyOf(node, "SubLink")?.subselect, "SelectStmt");
  const [shown] = list(query?.targetList);
  if (query === null || query.fromClause !== undefined || query.whereClause !== undefined) return node;
  return list(query.targetList).length === 1 ? bare(bodyOf(shown, "ResTarget")?.val) : node;
}

/** The same expression twice. Where a literal is part of it, its value had a say. */
function same(reading: Reading, left: unknown, right: unknown, scope: Scope): boolean {
  const [a, b] = [bare(left), bare(right)];
  // `t.id = id`: with one relation in sight the qualifier says nothing.
  const alone = scope.items.length === 1;
  if (unwrap(a)?.kind !== unwrap(b)?.kind) return false;
  const printed = [a, b].map((node) =>
    JSON.stringify(tree(node), (key, value) => {
      if (key === "location") return undefined;
      return alone && key === "fields" && Array.isArray(value) ? value.slice(-1) : value;
    }),
  );
  if (printed.some((text) => text.includes('"A_Const"'))) reading.findings.literalsMatter = true;
  return printed[0] === printed[1];
}
