import type { ColumnUse } from "../analyser.js";
import { callById, isCompiled, keepsValues, readCall, readDeciding, readOperator } from "./call.js";
import { addAll, type Collector, counting, making } from "./column.js";
import { columnOfRow, readColumnReference } from "./column-reference.js";
import { castMayFail, operandsThatTell } from "./failing.js";
import { readQuery } from "./query.js";
import { type Reading, visit } from "./reading.js";
import { isSystemSchema } from "./relation-name.js";
import { findColumn, type Scope } from "./scope.js";
import { bodyOf, isKind, list, names, type Tree, tree, word } from "./tree.js";

/** Expressions that do nothing but hold others, as the grammar of PostgreSQL 18 builds them. */
const plainKinds = new Set(
  `A_Const A_ArrayExpr A_Indirection A_Star BooleanTest NullTest CaseExpr CaseWhen CoalesceExpr CollateClause
   CurrentOfExpr GroupingFunc GroupingSet JsonAggConstructor JsonArgument JsonArrayAgg JsonArrayConstructor JsonArrayQueryConstructor
   JsonBehavior JsonFormat JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor JsonOutput
   JsonReturning JsonScalarExpr JsonSerializeExpr JsonTable JsonTableColumn JsonTablePathSpec JsonTablePath JsonValueExpr List
   MergeSupportFunc MinMaxExpr MultiAssignRef NamedArgExpr ParamRef RangeTableFunc RangeTableFuncCol ResTarget RowExpr SetToDefault
   SortBy SQLValueFunction TypeName WindowDef String Integer Float Boolean BitString`
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
      readOperatorExpression(reading, body, scope, use, out);
      return;
    case "A_Indirection": {
      const column = columnOfRow(body, scope);
      if (column !== null) addAll(out, column.origins, use);
      else readExpression(reading, body, scope, use, making(out));
      return;
    }
    case "CoalesceExpr":
    case "MinMaxExpr":
    case "CollateClause":
      readExpression(reading, body, scope, use, keepsValues(reading) ? out : making(out));
      return;
    case "A_Indices":
      // A place or a key that is not there gives NULL.
      readDeciding(reading, [body.lidx, body.uidx], scope, use, out);
      readExpression(reading, body, scope, use, making(out));
      return;
    case "BoolExpr":
      // `a = 'x' AND NULL` is false, or NULL.
      if (word(body.boolop) !== "NOT_EXPR") readDeciding(reading, body.args, scope, use, out);
      readExpression(reading, body, scope, use, making(out));
      return;
    case "XmlExpr":
    case "XmlSerialize":
      if (mayFail(kind, body)) readDeciding(reading, body, scope, use, out);
      readExpression(reading, body, scope, use, making(out));
      return;
    case "JsonFuncExpr":
    case "JsonParseExpr":
      // What is not there, or is no JSON, is NULL or an error.
      readDeciding(reading, body, scope, use, out);
      readExpression(reading, body, scope, use, making(out));
      return;
    case "NullTest":
      readNullTest(reading, body, scope, use, out);
      return;
    case "SubLink":
      // `IN (select …)` is `= ANY`.
      if (body.operName !== undefined || body.subLinkType === "ANY_SUBLINK")
        readOperator(reading, body.operName === undefined ? ["="] : names(body.operName), scope, use, out);
      readExpression(reading, body.testexpr, scope, use, making(out));
      readSubquery(reading, body, scope, use, out);
      return;
    case "SelectStmt":
      readNested(reading, { SelectStmt: body }, scope, use, making(out));
      return;
    case "TypeCast":
      if (nameTypes.has(names(tree(body.typeName).names).at(-1) ?? "") && bodyOf(body.arg, "A_Const") !== null)
        reading.findings.literalsMatter = true;
      readExpression(reading, body.arg, scope, use, keepsText(reading, tree(body.typeName)) ? out : making(out));
      if (castMayFail(tree(body.typeName))) readDeciding(reading, body.arg, scope, use, out);
      readType(reading, tree(body.typeName), use, making(out), () =>
        readExpression(reading, body.arg, scope, "sink", reading.findings),
      );
      return;
    case "CaseExpr":
      readCase(reading, body, scope, use, keepsValues(reading) ? out : making(out));
      return;
    case "TypeName":
      readType(reading, body, use, out);
      return;
    case "IndexElem": {
      // ON CONFLICT (a): a column by its bare name, or an expression.
      const column = word(body.name) === "" ? null : findColumn(scope, word(body.name));
      if (column !== null) addAll(out, column.origins, use);
      readExpression(reading, body.expr, scope, use, making(out));
      return;
    }
    case "SortBy":
      // ORDER BY … USING names an operator.
      if (list(body.useOp).length > 0) readOperator(reading, names(body.useOp), scope, use, out);
      readExpression(reading, body.node, scope, use, out);
      return;
    default:
      if (!plainKinds.has(kind)) reading.findings.unknown(`an expression of kind ${kind} cannot be read`);
      readExpression(reading, body, scope, use, making(out));
  }
}

/** XML that is made of a text as it is, or cut to a length, may not be XML, or not fit. */
function mayFail(kind: string, body: Tree): boolean {
  return kind === "XmlSerialize"
    ? castMayFail(tree(body.typeName)) || list(tree(body.typeName).typmods).length > 0
    : ["IS_XMLPI", "IS_XMLPARSE", "IS_XMLROOT"].includes(word(body.op));
}

/** What merely decides which value comes: no value flows, but where all of this flows elsewhere the choice goes with it. */
function deciding(use: ColumnUse): ColumnUse {
  return use === "sink" ? "sink" : "predicate";
}

function readOperatorExpression(reading: Reading, body: Tree, scope: Scope, use: ColumnUse, out: Collector): void {
  for (const name of operatorsOf(body)) readOperator(reading, name, scope, use, making(out));
  if (word(body.kind) === "AEXPR_NULLIF") {
    // It is the first value, or NULL.
    readExpression(reading, body.lexpr, scope, use, out);
    // `nullif(a, '')` makes NULLs of what is empty: it guesses nothing.
    if (isEmptyText(reading, body.rexpr)) return;
    readExpression(reading, [body.lexpr, body.rexpr], scope, deciding(use), out);
    return;
  }
  readDeciding(reading, operandsThatTell(body), scope, use, out);
  readExpression(reading, [body.lexpr, body.rexpr], scope, use, making(out));
}

/** `BETWEEN` compares twice, and names no operator. */
function operatorsOf(body: Tree): readonly (readonly string[])[] {
  const kind = word(body.kind);
  if (kind.startsWith("AEXPR_BETWEEN")) return [[">="], ["<="]];
  return kind.startsWith("AEXPR_NOT_BETWEEN") ? [["<"], [">"]] : [names(body.name)];
}

function isEmptyText(reading: Reading, node: unknown): boolean {
  const constant = bodyOf(node, "A_Const");
  if (constant?.sval === undefined) return false;
  reading.findings.literalsMatter = true;
  return word(tree(constant.sval).sval) === "";
}

function readCase(reading: Reading, body: Tree, scope: Scope, use: ColumnUse, out: Collector): void {
  // `CASE a WHEN b` compares with whatever `=` means.
  if (body.arg !== undefined) readOperator(reading, ["="], scope, deciding(use), out);
  readExpression(reading, body.arg, scope, deciding(use), out);
  for (const each of list(body.args)) {
    const when = tree(bodyOf(each, "CaseWhen"));
    readExpression(reading, when.expr, scope, deciding(use), out);
    readExpression(reading, when.result, scope, use, out);
  }
  readExpression(reading, body.defresult, scope, use, out);
}

/** `a IS NULL`: a NULL is never masked, so it tells nothing that the column itself does not. */
function readNullTest(reading: Reading, body: Tree, scope: Scope, use: ColumnUse, out: Collector): void {
  if (use === "output" || use === "computed") {
    readExpression(reading, body.arg, scope, use, counting(out, "presence"));
    return;
  }
  const bare = use === "predicate" && bodyOf(body.arg, "ColumnRef") !== null;
  const present: Collector = {
    add: (origin, found) => out.add(origin, found === "predicate" && origin.kind === "own" ? "presence" : found),
  };
  readExpression(reading, body.arg, scope, use, bare ? present : making(out));
}

/** Types whose text is the whole value of a text, where no length cuts it. */
const textTypes = new Set(["text", "varchar", "citext"]);

function keepsText(reading: Reading, typeName: Tree): boolean {
  const name = names(typeName.names).at(-1) ?? "";
  return (
    textTypes.has(name) &&
    list(typeName.typmods).length === 0 &&
    list(typeName.arrayBounds).length === 0 &&
    // A cast of the users' may make anything of it.
    reading.index.typeCallsNamed(name)?.every((id) => isCompiled(reading, id)) === true &&
    keepsValues(reading)
  );
}

function readSubquery(reading: Reading, body: Tree, scope: Scope, use: ColumnUse, out: Collector): void {
  if (body.subLinkType === "EXISTS_SUBLINK") {
    // Its columns are not even computed: `EXISTS (SELECT * …)` asks for rows.
    const columns = readQuery(reading, body.subselect, scope);
    if (!isBareStar(body.subselect)) for (const column of columns) addAll(out, column.origins, deciding(use));
    return;
  }
  readNested(reading, body.subselect, scope, use, body.subLinkType === "EXPR_SUBLINK" ? out : making(out));
}

function isBareStar(query: unknown): boolean {
  const targets = list(bodyOf(query, "SelectStmt")?.targetList);
  return (
    targets.length > 0 &&
    targets.every((each) => names(bodyOf(bodyOf(each, "ResTarget")?.val, "ColumnRef")?.fields).at(-1) === "*")
  );
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
    addAll(out, [{ relation: null, name: "*" }], use);
    return;
  }
  for (const id of calls) callById(reading, id, { use, out, argument });
}

function readNested(reading: Reading, query: unknown, scope: Scope, use: ColumnUse, out: Collector): void {
  for (const column of readQuery(reading, query, scope)) addAll(out, column.origins, use);
}
