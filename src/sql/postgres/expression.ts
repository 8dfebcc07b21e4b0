import type { ColumnUse } from "../analyser.js";
import { callById, readCall, readOperator } from "./call.js";
import { addAll, type Collector } from "./column.js";
import { readColumnReference } from "./column-reference.js";
import { readQuery } from "./query.js";
import { type Reading, visit } from "./reading.js";
import { isSystemSchema } from "./relation-name.js";
import type { Scope } from "./scope.js";
import { bodyOf, isKind, list, names, type Tree, tree } from "./tree.js";

/** Expressions that do nothing but hold others, as the grammar of PostgreSQL 18 builds them. */
const plainKinds = new Set(
  `A_Const A_ArrayExpr A_Indirection A_Indices A_Star BoolExpr BooleanTest NullTest CaseExpr CaseWhen CoalesceExpr CollateClause
   CurrentOfExpr GroupingFunc GroupingSet JsonAggConstructor JsonArgument JsonArrayAgg JsonArrayConstructor JsonArrayQueryConstructor
   JsonBehavior JsonFormat JsonFuncExpr JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor JsonOutput JsonParseExpr
   JsonReturning JsonScalarExpr JsonSerializeExpr JsonTable JsonTableColumn JsonTablePathSpec JsonTablePath JsonValueExpr List
   MergeSupportFunc MinMaxExpr MultiAssignRef NamedArgExpr ParamRef RangeTableFunc RangeTableFuncCol ResTarget RowExpr SetToDefault
   SortBy SQLValueFunction TypeName WindowDef XmlExpr XmlSerialize String Integer Float Boolean BitString`
    .trim()
    .split(/\s+/),
);

/** Types whose text names an object: a literal of them is a name, not a value. */
const nameTypes = new Set(
  "regclass regproc regprocedure regoper regoperator regtype regrole regnamespace regconfig regdictionary regcollation".split(
    " ",
  ),
);

/** Reads an expression, giving each column that it reads to `out`. */
export function readExpression(reading: Reading, node: unknown, scope: Scope, use: ColumnUse, out: Collector): void {
  if (Array.isArray(node)) {
    for (const each of node) readExpression(reading, each, scope, use, out);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  visit(reading);
  for (const [key, value] of Object.entries(node)) {
    if (typeof value !== "object" || value === null) continue;
    if (isKind(key)) readKind(reading, key, value as Tree, scope, use, out);
    else readExpression(reading, value, scope, use, out);
  }
}

function readKind(reading: Reading, kind: string, body: Tree, scope: Scope, use: ColumnUse, out: Collector): void {
  switch (kind) {
    case "ColumnRef":
      readColumnReference(reading, body, scope, use, out);
      return;
    case "FuncCall":
      readCall(reading, body, scope, use, out);
      return;
    case "A_Expr":
      readOperator(reading, names(body.name), scope, use, out);
      readExpression(reading, body.lexpr, scope, use, out);
      readExpression(reading, body.rexpr, scope, use, out);
      return;
    case "SubLink":
      // `IN (select …)` is `= ANY`.
      if (body.operName !== undefined || body.subLinkType === "ANY_SUBLINK")
        readOperator(reading, body.operName === undefined ? ["="] : names(body.operName), scope, use, out);
      readExpression(reading, body.testexpr, scope, use, out);
      readNested(reading, body.subselect, scope, body.subLinkType === "EXISTS_SUBLINK" ? "predicate" : use, out);
      return;
    case "SelectStmt":
      readNested(reading, { SelectStmt: body }, scope, use, out);
      return;
    case "TypeCast":
      if (nameTypes.has(names(tree(body.typeName).names).at(-1) ?? "") && bodyOf(body.arg, "A_Const") !== null)
        reading.findings.literalsMatter = true;
      readExpression(reading, body.arg, scope, use, out);
      readType(reading, tree(body.typeName), use, out, () =>
        readExpression(reading, body.arg, scope, "sink", reading.findings),
      );
      return;
    case "CaseExpr":
      // `CASE a WHEN b` compares with whatever `=` means.
      if (body.arg !== undefined) readOperator(reading, ["="], scope, use, out);
      readExpression(reading, body, scope, use, out);
      return;
    case "TypeName":
      readType(reading, body, use, out);
      return;
    case "SortBy":
      // ORDER BY … USING names an operator.
      if (list(body.useOp).length > 0) readOperator(reading, names(body.useOp), scope, use, out);
      readExpression(reading, body.node, scope, use, out);
      return;
    default:
      if (!plainKinds.has(kind)) reading.findings.unknown(`an expression of kind ${kind} cannot be read`);
      readExpression(reading, body, scope, use, out);
  }
}

/** A value that becomes one of a type runs what belongs to it: checks of domains, casts. */
export function readType(
  reading: Reading,
  typeName: Tree,
  use: ColumnUse,
  out: Collector,
  argument: () => unknown = () => reading.findings.add({ relation: null, name: "*" }, "sink"),
): void {
  const path = names(typeName.names);
  if (isSystemSchema(path.at(-2) ?? "") && reading.index.catalogue.types === undefined) return;
  if (path.at(-2) === "information_schema") return;
  const calls = reading.index.typeCallsNamed(path.at(-1) ?? "?");
  if (calls === null) {
    reading.findings.unknown(`the type ${path.join(".")} is not in the catalogue`);
    reading.findings.opaque = true;
    return;
  }
  for (const id of calls) callById(reading, id, { use, out, argument });
}

function readNested(reading: Reading, query: unknown, scope: Scope, use: ColumnUse, out: Collector): void {
  for (const column of readQuery(reading, query, scope)) addAll(out, column.origins, use);
}
