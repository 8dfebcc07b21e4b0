import type { CatalogueColumn } from "../../vocabulary/index.js";
import { isCount } from "./counts.js";
import type { Reading } from "./reading.js";
import { bare, print } from "./same-expression.js";
import { columnOf, findColumn, findItem, type Scope } from "./scope.js";
import { bodyOf, list, names, type Tree, tree, unwrap, word } from "./tree.js";

/**
 * A number as the sum of products of what it is made of, exactly: `2 * id + 1`. Each part is written out, after `+` where it is
 * never negative. The product of nothing is the constant.
 */
type Sum = ReadonlyMap<string, bigint>;

interface Context {
  readonly reading: Reading;
  readonly scope: Scope;
  /** A literal had a say. */
  literal: boolean;
}

const constant = "";
const between = "\u0000";
/** Beyond these nobody multiplies out. */
const maxParts = 32;
const maxCoefficient = 10n ** 40n;

/**
 * What comparing two numbers comes to for every row, by arithmetic alone: `id = id + 0`, `id - id = 0`, `id * id >= 0`; null: that
 * depends, or they are not known to be whole or exact numbers. NULLs, and NaN and the infinities of `numeric`, are passed over.
 */
export function comparedByArithmetic(
  operator: string,
  left: unknown,
  right: unknown,
  reading: Reading,
  scope: Scope,
): boolean | null {
  // A column beside a literal says nothing, whatever the literal is: those statements share their analysis.
  if ((isColumn(left) && isLiteral(right)) || (isLiteral(left) && isColumn(right))) return null;
  const context: Context = { reading, scope, literal: false };
  const [one, other] = [sumOf(left, context), sumOf(right, context)];
  if (context.literal) reading.findings.literalsMatter = true;
  const difference = one === null || other === null ? null : add(one, other, -1n);
  if (difference === null) return null;
  const least = bound(difference);
  const most = bound(scaled(difference, -1n));
  return atLeast(operator, least) ?? atLeast(mirrored[operator] ?? "", most);
}

const mirrored: Readonly<Record<string, string>> = { ">=": "<=", ">": "<", "<=": ">=", "<": ">", "=": "=", "<>": "<>" };

/** What `difference operator 0` comes to where the difference is no less than that. */
function atLeast(operator: string, least: Bound | null): boolean | null {
  if (least === null) return null;
  if (least.value >= 0n && operator === ">=") return true;
  if (least.value >= 0n && operator === "<") return false;
  if (least.value > 0n)
    return operator === ">" || operator === "<>" ? true : operator === "=" || operator === "<=" ? false : null;
  if (!least.exact) return null;
  const holds = { "=": least.value === 0n, "<>": least.value !== 0n, ">": least.value > 0n, "<=": least.value <= 0n };
  return holds[operator as keyof typeof holds] ?? null;
}

interface Bound {
  readonly value: bigint;
  /** It is that, always. */
  readonly exact: boolean;
}

/** The least that a sum can be; null: there is no such thing, or it cannot be told. */
function bound(sum: Sum): Bound | null {
  let exact = true;
  for (const [product, coefficient] of sum) {
    if (product === constant) continue;
    if (coefficient < 0n || !isNeverNegative(product)) return null;
    exact = false;
  }
  return { value: sum.get(constant) ?? 0n, exact };
}

function isNeverNegative(product: string): boolean {
  const times = new Map<string, number>();
  for (const part of product.split(between)) times.set(part, (times.get(part) ?? 0) + 1);
  return [...times].every(([part, count]) => part.startsWith("+") || count % 2 === 0);
}

function isColumn(node: unknown): boolean {
  return bodyOf(node, "ColumnRef") !== null;
}

function isLiteral(node: unknown): boolean {
  const cast = bodyOf(node, "TypeCast");
  if (cast !== null) return isLiteral(cast.arg);
  const sign = bodyOf(node, "A_Expr");
  if (sign !== null) return sign.lexpr === undefined && isLiteral(sign.rexpr);
  return bodyOf(node, "A_Const") !== null || bodyOf(node, "ParamRef") !== null;
}

function sumOf(node: unknown, context: Context): Sum | null {
  const inner = bare(node);
  const { kind, body } = unwrap(inner) ?? { kind: "", body: {} };
  switch (kind) {
    case "A_Const":
      return literal(body, context);
    case "ColumnRef":
      return isNumber(columnNamed(body, context.reading, context.scope)) ? part("?", inner, context.scope) : null;
    case "A_Expr":
      return word(body.kind) === "AEXPR_OP" ? operated(body, context) : null;
    case "FuncCall":
      return called(inner, body, context);
    case "CoalesceExpr":
      // What is not NULL is itself.
      return sumOf(list(body.args)[0], context);
    case "TypeCast":
      return isWide(tree(body.typeName)) ? sumOf(body.arg, context) : null;
    default:
      return null;
  }
}

function literal({ ival, fval }: Tree, context: Context): Sum | null {
  const text = ival === undefined ? word(tree(fval).fval) : String(tree(ival).ival ?? 0);
  context.literal = true;
  const whole = /^(-?\d{1,40})(?:\.0*)?$/.exec(text)?.[1];
  return whole === undefined ? null : new Map([[constant, BigInt(whole)]]);
}

function part(sign: "+" | "?", node: unknown, scope: Scope): Sum {
  const written = print(node, scope).replaceAll(between, " ");
  return new Map([[`${sign}${written}`, 1n]]);
}

function operated({ name, lexpr, rexpr }: Tree, context: Context): Sum | null {
  const path = names(name);
  if (path.length > 1 && path[0] !== "pg_catalog") return null;
  const operator = path.at(-1) ?? "";
  const right = sumOf(rexpr, context);
  if (right === null) return null;
  if (lexpr === undefined) return operator === "-" ? scaled(right, -1n) : null;
  const left = sumOf(lexpr, context);
  if (left === null) return null;
  switch (operator) {
    case "+":
      return add(left, right, 1n);
    case "-":
      return add(left, right, -1n);
    case "*":
      return multiplied(left, right);
    case "/":
      return isConstant(right, 1n) ? left : null;
    case "|":
    case "#":
    case "<<":
    case ">>":
      return isConstant(right, 0n) ? left : null;
    case "&":
      return isConstant(right, 0n) ? right : null;
    default:
      return null;
  }
}

function called(node: unknown, body: Tree, context: Context): Sum | null {
  const path = names(body.funcname);
  if (!isCount(path, context.reading)) return null;
  // Written out with its literals: another literal is another count.
  if (print(node, context.scope).includes('"A_Const"')) context.literal = true;
  return part("+", node, context.scope);
}

const numbers: ReadonlySet<number> = new Set([20, 21, 23, 1700]);

function isNumber(column: CatalogueColumn | null): boolean {
  return column !== null && numbers.has(column.typeId);
}

/** Every number here is one of these as it is: nothing is rounded. */
function isWide(typeName: Tree): boolean {
  const name = names(typeName.names);
  if (name.length > 1 && name[0] !== "pg_catalog") return false;
  return name.at(-1) === "numeric" && list(typeName.typmods).length === 0 && list(typeName.arrayBounds).length === 0;
}

function isConstant(sum: Sum, value: bigint): boolean {
  return (
    [...sum].every(([product, coefficient]) => product === constant && coefficient === value) &&
    (sum.size > 0 || value === 0n)
  );
}

function add(left: Sum, right: Sum, times: bigint): Sum | null {
  const sum = new Map(left);
  for (const [product, coefficient] of right) {
    const total = (sum.get(product) ?? 0n) + times * coefficient;
    if (total === 0n) sum.delete(product);
    else sum.set(product, total);
  }
  return bounded(sum);
}

function scaled(sum: Sum, times: bigint): Sum {
  return new Map([...sum].map(([product, coefficient]) => [product, coefficient * times]));
}

function multiplied(left: Sum, right: Sum): Sum | null {
  if (left.size * right.size > maxParts) return null;
  let sum: Sum | null = new Map();
  for (const [one, times] of left)
    for (const [other, coefficient] of right) {
      const product = [...one.split(between), ...other.split(between)].filter((each) => each !== constant).sort();
      if (sum !== null && product.length <= maxParts)
        sum = add(sum, new Map([[product.join(between), times * coefficient]]), 1n);
      else return null;
    }
  return sum;
}

function bounded(sum: Sum): Sum | null {
  if (sum.size > maxParts) return null;
  for (const coefficient of sum.values())
    if (coefficient > maxCoefficient || coefficient < -maxCoefficient) return null;
  return sum;
}

/** The one column of a relation that a reference means; null: more than one could be meant, or it is none. */
export function columnNamed({ fields }: Tree, reading: Pick<Reading, "index">, scope: Scope): CatalogueColumn | null {
  const path = names(fields);
  const item = path.length > 1 ? findItem(scope, path.at(-2) ?? "", path.at(-3) ?? null) : null;
  const name = path.at(-1) ?? "*";
  const column = path.length === 1 ? findColumn(scope, name) : item === null ? null : columnOf(item, name);
  const [origin] = column?.origins ?? [];
  if (column?.plain !== true || column.origins.length !== 1 || origin === undefined || origin.relation === null)
    return null;
  return reading.index.relation(origin.relation)?.columns.find((each) => each.name === origin.name) ?? null;
}
