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
    if (word(bool.boolop) === "OR_EXPR" && !negated && nullOrNot(reading, list(bool.args), scope)) {
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
  return target.touched && !comparesWithItself(reading, node, scope);
}

/** `x IS NULL OR x IS NOT NULL` */
function nullOrNot(reading: Reading, arms: readonly unknown[], scope: Scope): boolean {
  const tests = arms.map((arm) => bodyOf(arm, "NullTest")).filter((test) => test !== null);
  const of = (type: string) => tests.filter((test) => word(test.nulltesttype) === type);
  return of("IS_NULL").some((one) => of("IS_NOT_NULL").some((other) => same(reading, one.arg, other.arg, scope)));
}

function comparesWithItself(reading: Reading, node: unknown, scope: Scope): boolean {
  const wrapped = unwrap(node);
  if (wrapped?.kind !== "A_Expr") return false;
  const { kind, lexpr, rexpr } = wrapped.body;
  if (kind === "AEXPR_NOT_DISTINCT") return same(reading, lexpr, rexpr, scope);
  if (!["=", "<=", ">=", "~~", "~~*", "<>", "!="].includes(names(wrapped.body.name).at(-1) ?? "")) return false;
  const rights = list(bodyOf(rexpr, "List")?.items ?? (Array.isArray(rexpr) ? rexpr : [rexpr]));
  return rights.some((right) => same(reading, lexpr, right, scope));
}

/** The same expression twice. Where a literal is part of it, its value had a say. */
function same(reading: Reading, a: unknown, b: unknown, scope: Scope): boolean {
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
