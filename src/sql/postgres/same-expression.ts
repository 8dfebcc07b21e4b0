import type { Reading } from "./reading.js";
import type { Scope } from "./scope.js";
import { bodyOf, list, names, tree, unwrap, word } from "./tree.js";

/** The same expression twice. Where a literal is part of it, its value had a say. */
export function same(reading: Reading, left: unknown, right: unknown, scope: Scope): boolean {
  const [a, b] = [bare(left), bare(right)];
  if (unwrap(a)?.kind !== unwrap(b)?.kind) return false;
  const [one, other] = [print(a, scope), print(b, scope)];
  if (holdsLiteral(one) || holdsLiteral(other)) reading.findings.literalsMatter = true;
  return one === other;
}

/** What gives the value on as it is: `+x`, `x COLLATE "C"`, `(SELECT x)`. */
export function bare(node: unknown): unknown {
  const sign = bodyOf(node, "A_Expr");
  if (sign !== null && sign.lexpr === undefined && names(sign.name).at(-1) === "+") return bare(sign.rexpr);
  const collated = bodyOf(node, "CollateClause");
  if (collated !== null) return bare(collated.arg);
  const link = bodyOf(node, "SubLink");
  const query = word(link?.subLinkType) === "EXPR_SUBLINK" ? bodyOf(link?.subselect, "SelectStmt") : null;
  const [shown] = list(query?.targetList);
  if (query === null || query.fromClause !== undefined || query.whereClause !== undefined) return node;
  return list(query.targetList).length === 1 ? bare(bodyOf(shown, "ResTarget")?.val) : node;
}

/** Equal for expressions that are written alike. */
export function print(node: unknown, scope: Scope): string {
  // `t.id = id`: with one relation in sight the qualifier says nothing.
  const alone = scope.items.length === 1;
  return JSON.stringify(tree(node), (key, value) => {
    if (key === "location") return undefined;
    return alone && key === "fields" && Array.isArray(value) ? value.slice(-1) : value;
  });
}

export function holdsLiteral(printed: string): boolean {
  return printed.includes('"A_Const"');
}
