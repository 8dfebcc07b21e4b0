import type { ColumnUse } from "../analyser.js";
import { readCall, readOperator } from "./call.js";
import { addAll, type Collector } from "./column.js";
import { readColumnReference } from "./column-reference.js";
import { readQuery } from "./query.js";
import { type Reading, visit } from "./reading.js";
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
      if (body.operName !== undefined) readOperator(reading, names(body.operName), scope, use, out);
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

function readNested(reading: Reading, query: unknown, scope: Scope, use: ColumnUse, out: Collector): void {
  for (const column of readQuery(reading, query, scope)) addAll(out, column.origins, use);
}
