import { columnNamed, comparedByArithmetic } from "./arithmetic.js";
import type { FromItem } from "./column.js";
import { takesOwnRows } from "./own-rows.js";
import type { Reading } from "./reading.js";
import { holdsLiteral, print, same } from "./same-expression.js";
import type { Scope } from "./scope.js";
import { bodyOf, list, names, type Tree, tree, unwrap, word } from "./tree.js";

/** Where a condition stands: what it would have to choose among, and what it can see. */
export interface Place {
  readonly reading: Reading;
  readonly scope: Scope;
  readonly target: FromItem;
  /** What was found out already, by node. */
  readonly known: Map<unknown, boolean | null>;
}

/**
 * What a condition comes to for every row, whatever is in it; null: that depends, or cannot be told from the text. NULLs are passed
 * over, as `id = id` passes over them. Reads nothing into the findings but that a literal had a say.
 */
export function constantValue(node: unknown, place: Place): boolean | null {
  const wrapped = unwrap(node);
  if (wrapped === null) return null;
  let value = place.known.get(node);
  if (value === undefined) {
    value = evaluate(wrapped.kind, wrapped.body, place);
    place.known.set(node, value);
  }
  return value;
}

function evaluate(kind: string, body: Tree, place: Place): boolean | null {
  switch (kind) {
    case "A_Const":
      return literalOf(body);
    case "BoolExpr":
      return combined(body, place);
    case "BooleanTest":
      return tested(body, place);
    case "NullTest":
      return alwaysKnown(body.arg, place) ? word(body.nulltesttype) === "IS_NOT_NULL" : null;
    case "TypeCast":
      return isBoolean(body.typeName) ? constantValue(body.arg, place) : null;
    case "CaseExpr":
      return caseValue(body, place);
    case "SubLink":
      return takesOwnRows(body, place) ? true : null;
    case "A_Expr":
      return compared(body, place);
    default:
      return null;
  }
}

function literalOf({ boolval }: Tree): boolean | null {
  return boolval === undefined ? null : tree(boolval).boolval === true;
}

function not(value: boolean | null): boolean | null {
  return value === null ? null : !value;
}

function combined({ boolop, args }: Tree, place: Place): boolean | null {
  if (word(boolop) === "NOT_EXPR") return not(constantValue(list(args)[0], place));
  const arms = flat(args, word(boolop));
  const decides = word(boolop) === "OR_EXPR";
  const values = arms.map((arm) => constantValue(arm, place));
  if (values.includes(decides) || opposed(arms, place)) return decides;
  return values.every((value) => value === !decides) ? !decides : null;
}

/** `a or (b or c)` is `a or b or c`. */
function flat(args: unknown, operator: string): readonly unknown[] {
  return list(args).flatMap((arm) => {
    const inner = bodyOf(arm, "BoolExpr");
    return inner !== null && word(inner.boolop) === operator ? flat(inner.args, operator) : [arm];
  });
}

/** Arms beyond this are not compared with each other. */
const maxCompared = 4_096;

const opposites: ReadonlyMap<string, string> = new Map([
  ["=", "<>"],
  ["<", ">="],
  ["<=", ">"],
  ["~~", "!~~"],
  ["~~*", "!~~*"],
  ["~", "!~"],
  ["~*", "!~*"],
]);

/** One arm says the opposite of another: `a < 1 … a >= 1`, `b … not b`, `a is null … a is not null`. */
function opposed(arms: readonly unknown[], { reading, scope }: Place): boolean {
  if (arms.length > maxCompared) return false;
  const said = new Set<string>();
  const denied: string[] = [];
  // Where the operators are opposed, what stands beside them decides: then its literals have a say.
  const operators = new Set<string>();
  for (const arm of arms) {
    const { body, kind } = unwrap(arm) ?? { kind: "", body: {} };
    const negated = kind === "BoolExpr" && word(body.boolop) === "NOT_EXPR" ? list(body.args)[0] : undefined;
    // Whole conditions inside of each other would be written out again at each depth.
    if (unwrap(negated)?.kind === "BoolExpr" || (kind === "BoolExpr" && negated === undefined)) continue;
    if (negated !== undefined) denied.push(print(negated, scope));
    else said.add(print(arm, scope));
    const opposite = negated === undefined ? oppositeOf(kind, body) : null;
    if (opposite === null) continue;
    operators.add(operatorOf(kind, body));
    if (operators.has(operatorOf(kind, tree(unwrap(opposite)?.body)))) denied.push(print(opposite, scope));
  }
  if (denied.some(holdsLiteral)) reading.findings.literalsMatter = true;
  return denied.some((text) => said.has(text));
}

function operatorOf(kind: string, body: Tree): string {
  return kind === "NullTest" ? word(body.nulltesttype) : (names(body.name).at(-1) ?? "");
}

function oppositeOf(kind: string, body: Tree): Tree | null {
  if (kind === "NullTest") {
    const nulltesttype = word(body.nulltesttype) === "IS_NULL" ? "IS_NOT_NULL" : "IS_NULL";
    return { NullTest: { ...body, nulltesttype } };
  }
  if (kind !== "A_Expr" || !["AEXPR_OP", "AEXPR_LIKE", "AEXPR_ILIKE"].includes(word(body.kind))) return null;
  const operator = names(body.name).join(".");
  for (const [one, other] of opposites)
    if (operator === one || operator === other)
      return { A_Expr: { ...body, name: [{ String: { sval: operator === one ? other : one } }] } };
  return null;
}

function tested({ arg, booltesttype }: Tree, place: Place): boolean | null {
  const value = constantValue(arg, place);
  switch (word(booltesttype)) {
    case "IS_TRUE":
    case "IS_NOT_FALSE":
      return value;
    case "IS_FALSE":
    case "IS_NOT_TRUE":
      return not(value);
    default:
      return null;
  }
}

/** What is never NULL. */
function alwaysKnown(node: unknown, place: Place): boolean {
  const { kind, body } = unwrap(node) ?? { kind: "", body: {} };
  switch (kind) {
    case "A_Expr":
      return ["AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT"].includes(word(body.kind));
    case "A_Const":
      return body.isnull !== true;
    case "ColumnRef":
      return isNeverNull(body, place);
    case "CoalesceExpr":
      return list(body.args).some((arg) => alwaysKnown(arg, place));
    case "NullTest":
    case "BooleanTest":
      return true;
    default:
      return false;
  }
}

/** A column of the changed relation in all that it is made of: an outer join may bring NULLs for those of others. */
function isNeverNull(reference: Tree, { reading: { index }, scope, target: { relation, alias } }: Place): boolean {
  const path = names(reference.fields);
  const column = columnNamed(reference, { index }, scope);
  if (relation === null || column?.notNull !== true || !relation.columns.includes(column)) return false;
  if (path.length > 1 ? path.at(-2) !== alias : scope.items.length !== 1) return false;
  return index
    .relatives(relation.id)
    .every((id) => index.relation(id)?.columns.every(({ name, notNull }) => name !== column.name || notNull === true));
}

function isBoolean(typeName: unknown): boolean {
  const name = names(tree(typeName).names);
  return name.at(-1) === "bool" && (name.length === 1 || name[0] === "pg_catalog");
}

function caseValue({ arg, args, defresult }: Tree, place: Place): boolean | null {
  if (arg !== undefined || defresult === undefined) return null;
  const results = [...list(args).map((each) => bodyOf(each, "CaseWhen")?.result), defresult];
  const values = new Set(results.map((result) => constantValue(result, place)));
  const [only] = values;
  return values.size === 1 && only !== undefined ? only : null;
}

function compared(body: Tree, place: Place): boolean | null {
  const { reading, scope } = place;
  const { lexpr, rexpr } = body;
  const operator = names(body.name).join(".");
  switch (word(body.kind)) {
    case "AEXPR_DISTINCT":
      return isDistinct(lexpr, rexpr, place);
    case "AEXPR_NOT_DISTINCT":
      return not(isDistinct(lexpr, rexpr, place));
    case "AEXPR_BETWEEN":
      return isBetween(lexpr, rexpr, place);
    case "AEXPR_NOT_BETWEEN":
      return not(isBetween(lexpr, rexpr, place));
    case "AEXPR_BETWEEN_SYM": {
      const bounds = list(bodyOf(rexpr, "List")?.items ?? rexpr);
      return bounds.length === 2 && bounds.every((bound) => same(reading, lexpr, bound, scope)) ? true : null;
    }
    case "AEXPR_IN":
      return isAmong(lexpr, list(bodyOf(rexpr, "List")?.items ?? rexpr), operator === "=", place);
    case "AEXPR_OP_ANY":
      return operator === "=" ? isAmong(lexpr, list(bodyOf(rexpr, "A_ArrayExpr")?.elements), true, place) : null;
    case "AEXPR_LIKE":
    case "AEXPR_ILIKE":
      return matchesAll(reading, rexpr, /^%+$/, operator.startsWith("!"));
    case "AEXPR_SIMILAR":
      return matchesAll(reading, list(bodyOf(rexpr, "FuncCall")?.args)[0], /^%+$/, operator.startsWith("!"));
    case "AEXPR_OP":
      return operated(operator, lexpr, rexpr, place);
    default:
      return null;
  }
}

function isDistinct(left: unknown, right: unknown, place: Place): boolean | null {
  const isNull = (node: unknown) => bodyOf(node, "A_Const")?.isnull === true;
  if ((isNull(left) && alwaysKnown(right, place)) || (isNull(right) && alwaysKnown(left, place))) return true;
  return operated("<>", left, right, place);
}

/** Bounds of which each is known: `id between id - 1 and id + 1`. */
function isBetween(node: unknown, range: unknown, place: Place): boolean | null {
  const [low, high] = list(bodyOf(range, "List")?.items ?? range);
  const [above, below] = [operated(">=", node, low, place), operated("<=", node, high, place)];
  if (above === false || below === false) return false;
  return above === true && below === true ? true : null;
}

/** Beyond this many values none is looked at. */
const maxValues = 4_096;

function isAmong(node: unknown, values: readonly unknown[], wanted: boolean, place: Place): boolean | null {
  if (values.length > maxValues) return null;
  return values.some((value) => operated("=", node, value, place) === true) ? wanted : null;
}

/** A pattern that every text matches. */
function matchesAll(reading: Reading, pattern: unknown, everything: RegExp, negated: boolean): boolean | null {
  const text = tree(bodyOf(pattern, "A_Const")?.sval);
  if (bodyOf(pattern, "A_Const")?.sval === undefined) return null;
  reading.findings.literalsMatter = true;
  return everything.test(word(text.sval)) ? !negated : null;
}

/** An end alone is in every text, and so is a beginning; both together are in the empty one only. */
const anything = /^(?:\^|\$|\^?\.\*\$?)?$/;

function operated(operator: string, lexpr: unknown, rexpr: unknown, place: Place): boolean | null {
  const { reading, scope } = place;
  if (["~", "~*", "!~", "!~*"].includes(operator))
    return matchesAll(reading, rexpr, anything, operator.startsWith("!"));
  const equal = operator === "=" ? true : operator === "<>" ? false : null;
  if (equal !== null) {
    const [left, right] = [constantValue(lexpr, place), constantValue(rexpr, place)];
    if (left !== null && right !== null) return (left === right) === equal;
  }
  if (same(reading, lexpr, rexpr, scope)) {
    if (["=", "<=", ">="].includes(operator)) return true;
    if (["<>", "<", ">"].includes(operator)) return false;
  }
  return comparedByArithmetic(operator, lexpr, rexpr, reading, scope);
}
