import type { FromItem } from "./column.js";
import { constantValue, type Place } from "./constant-condition.js";
import { readExpression } from "./expression.js";
import type { Reading } from "./reading.js";
import { same } from "./same-expression.js";
import type { Scope } from "./scope.js";
import { bodyOf, list, names, type Tree, unwrap, word } from "./tree.js";

/**
 * Reads the condition of a modification and says whether it chooses among the target's rows. `true`, `1 = 1`, `x = x`, anything
 * that names no column of the target, what comes to true whatever is in a row, and an OR with such an arm choose nothing.
 */
export function readCondition(reading: Reading, node: unknown, scope: Scope, target: FromItem): boolean {
  return chooses(node, { reading, scope, target, known: new Map() }, false);
}

function chooses(node: unknown, place: Place, negated: boolean): boolean {
  const { reading, scope, target } = place;
  if (node === undefined || node === null) return false;
  if (constantValue(node, place) === !negated) {
    readExpression(reading, node, scope, "predicate", reading.findings);
    return false;
  }
  const bool = bodyOf(node, "BoolExpr");
  if (bool !== null) {
    const not = word(bool.boolop) === "NOT_EXPR";
    const arms = list(bool.args).map((arm) => chooses(arm, place, not ? !negated : negated));
    // Negation turns an AND into an OR of negations.
    return (word(bool.boolop) === "OR_EXPR") !== negated && !not ? arms.every(Boolean) : arms.some(Boolean);
  }
  const coalesce = bodyOf(node, "CoalesceExpr");
  if (coalesce !== null)
    return list(coalesce.args)
      .map((arm) => chooses(arm, place, negated))
      .some(Boolean);
  if (bodyOf(node, "CurrentOfExpr") !== null) return true;
  target.touched = false;
  readExpression(reading, node, scope, "predicate", reading.findings);
  return target.touched && !comparesWithItself(reading, node, scope);
}

function comparesWithItself(reading: Reading, node: unknown, scope: Scope): boolean {
  const wrapped = unwrap(node);
  if (wrapped?.kind === "SubLink") return isAmongItself(reading, wrapped.body, scope);
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

/** `id IN (SELECT id)`: without a FROM it is the row's own. */
function isAmongItself(reading: Reading, { subLinkType, subselect, testexpr, operName }: Tree, scope: Scope): boolean {
  const operator = names(operName);
  if (word(subLinkType) !== "ANY_SUBLINK" || (operator.length > 0 && operator.join(".") !== "=")) return false;
  return same(reading, testexpr, { SubLink: { subLinkType: "EXPR_SUBLINK", subselect } }, scope);
}
