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
    const arms = list(bool.args).map((arm) => readCondition(reading, arm, scope, target, not ? !negated : negated));
    // Negation turns an AND into an OR of negations.
    return (word(bool.boolop) === "OR_EXPR") !== negated && !not ? arms.every(Boolean) : arms.some(Boolean);
  }
  if (bodyOf(node, "CurrentOfExpr") !== null) return true;
  target.touched = false;
  readExpression(reading, node, scope, "predicate", reading.findings);
  return target.touched && !comparesWithItself(reading, node);
}

function comparesWithItself(reading: Reading, node: unknown): boolean {
  const wrapped = unwrap(node);
  if (wrapped?.kind !== "A_Expr") return false;
  const { kind, lexpr, rexpr } = wrapped.body;
  if (kind === "AEXPR_NOT_DISTINCT") return same(reading, lexpr, rexpr);
  if (!["=", "<=", ">=", "~~", "~~*", "<>", "!="].includes(names(wrapped.body.name).at(-1) ?? "")) return false;
  const rights = list(bodyOf(rexpr, "List")?.items ?? (Array.isArray(rexpr) ? rexpr : [rexpr]));
  return rights.some((right) => same(reading, lexpr, right));
}

/** The same expression twice. Where a literal is part of it, its value had a say. */
function same(reading: Reading, a: unknown, b: unknown): boolean {
  if (unwrap(a)?.kind !== unwrap(b)?.kind) return false;
  const printed = [a, b].map((node) =>
    JSON.stringify(tree(node), (key, value) => (key === "location" ? undefined : value)),
  );
  if (printed.some((text) => text.includes('"A_Const"'))) reading.findings.literalsMatter = true;
  return printed[0] === printed[1];
}
