import { addAll, type Collector, type Column } from "./column.js";
import { readCopy } from "./copy.js";
import { readDefinition, touchRelation } from "./definition.js";
import { readExpression } from "./expression.js";
import { Findings } from "./findings.js";
import { readQuery } from "./query.js";
import type { ParsedStatement, Reading } from "./reading.js";
import { readRoutine } from "./routine.js";
import type { Scope } from "./scope.js";
import { readSetting } from "./setting.js";
import { bodyOf, list, type Tree, tree, unwrap, word } from "./tree.js";
import { utilityKind } from "./utility-kinds.js";

/** Reads the statements of a body. Values of their results go to `out`. */
export function readBodyStatements(
  reading: Reading,
  statements: readonly ParsedStatement[],
  scope: Scope,
  out: Collector,
): void {
  for (const statement of statements) readStatement(reading, statement.node, scope, out);
}

/** Takes the columns of the result that a statement gives to whoever sent it. */
export type Told = (columns: readonly Column[]) => void;

const nobody: Told = () => {};

/** Reads one statement of any kind. Values of its result go to `out`, its columns by position to `told`. */
export function readStatement(
  reading: Reading,
  node: unknown,
  scope: Scope,
  out: Collector,
  told: Told = nobody,
): void {
  const wrapped = unwrap(node);
  if (wrapped === null) return;
  const { kind, body } = wrapped;
  const { findings } = reading;
  switch (kind) {
    case "SelectStmt": {
      const into = intoClause(body);
      findings.effect("read");
      if (into === null) give(readQuery(reading, node, scope), out, told);
      else createFromQuery(reading, node, into, scope);
      return;
    }
    case "InsertStmt":
    case "UpdateStmt":
    case "DeleteStmt":
    case "MergeStmt":
      give(readQuery(reading, node, scope), out, told);
      return;
    case "ReturnStmt": {
      // RETURN of a body in standard SQL.
      readExpression(reading, body.returnval, scope, "computed", out);
      findings.effect("read");
      return;
    }
    default:
      // Utility statements keep names and code in literals.
      findings.literalsMatter = true;
      readUtility(reading, kind, body, scope, out, told);
  }
}

/** What a result carries: plain columns as themselves, the rest as computed. */
export function give(columns: readonly Column[], out: Collector, told: Told = nobody): void {
  told(columns);
  for (const column of columns) {
    if (column.plain) for (const origin of column.origins) out.add(origin, "output");
    else addAll(out, column.origins, "computed");
  }
}

/** SELECT INTO, which may hide in the first arm of a UNION. */
function intoClause(body: Tree): Tree | null {
  for (let arm = body; ; arm = tree(arm.larg)) {
    if (arm.intoClause !== undefined) return tree(arm.intoClause);
    if (arm.larg === undefined) return null;
  }
}

function createFromQuery(reading: Reading, query: unknown, into: Tree, scope: Scope): void {
  const { findings } = reading;
  findings.utility.add("create_table_as");
  findings.effect(reading.planOnly ? "read" : "define");
  findings.changesCatalogue = true;
  touchRelation(reading, tree(into.rel), "define");
  const execute = bodyOf(query, "ExecuteStmt");
  const sinks: Collector = {
    add: (origin, use) => findings.add(origin, use === "output" || use === "computed" ? "sink" : use),
  };
  if (execute === null) for (const column of readQuery(reading, query, scope)) addAll(findings, column.origins, "sink");
  else readStatement(reading, query, scope, sinks);
}

function readUtility(reading: Reading, kind: string, body: Tree, scope: Scope, out: Collector, told: Told): void {
  const { findings } = reading;
  switch (kind) {
    case "CopyStmt":
      findings.utility.add("copy");
      readCopy(reading, body, scope, out, told);
      return;
    case "CreateTableAsStmt":
      createFromQuery(reading, body.query, tree(body.into), scope);
      return;
    case "ExplainStmt":
      findings.utility.add("explain");
      explain(reading, body, scope, out);
      return;
    case "PrepareStmt":
      findings.utility.add("prepare");
      findings.changesContext = true;
      reading.shared.prepared.add(word(body.name));
      readStatement(reading, body.query, scope, out);
      return;
    case "ExecuteStmt":
      findings.utility.add("execute");
      execute(reading, body, scope, out, told);
      return;
    case "DeclareCursorStmt":
      findings.utility.add("declare");
      findings.cursor = { name: word(body.portalname), does: "declare" };
      findings.declaresInside ||= reading.depth > 0;
      // It sends nothing itself: these are what a FETCH from it will send.
      readStatement(reading, body.query, scope, out, told);
      return;
    case "FetchStmt":
      // What the cursor reads was judged when it was declared; which cursor this is nobody followed.
      findings.utility.add(body.ismove === true ? "move" : "fetch");
      if (body.ismove !== true) findings.cursor = { name: word(body.portalname), does: "fetch" };
      findings.effect("read");
      findings.opaque ||= body.ismove !== true;
      return;
    case "VariableSetStmt":
      readSetting(reading, body);
      return;
    case "CallStmt":
    case "DoStmt":
      readRoutine(reading, kind, body, scope, out);
      return;
    default: {
      const known = utilityKind(kind);
      if (known !== null) {
        readDefinition(reading, kind, known, body, scope);
        return;
      }
      findings.unknown(`what ${kind} does is not known`);
      findings.opaque = true;
    }
  }
}

/** EXPLAIN shows a plan, not rows; with ANALYZE it runs the statement. Planning itself runs functions. */
function explain(reading: Reading, body: Tree, scope: Scope, out: Collector): void {
  reading.findings.effect("read");
  const runs = list(body.options).some((each) => {
    const option = tree(bodyOf(each, "DefElem"));
    return word(option.defname).toLowerCase() === "analyze" && !isOff(option.arg);
  });
  const inner = new Findings(reading.index);
  const shown: Collector = {
    // A plan holds what conditions compare with, not what rows hold: what is merely selected is at most counted.
    add: (origin, use) => (use === "output" ? inner : out).add(origin, use === "output" ? "presence" : use),
  };
  readStatement({ ...reading, findings: inner, planOnly: runs ? reading.planOnly : true }, body.query, scope, shown);
  reading.findings.merge(inner);
  reading.findings.usesPrepared ||= inner.usesPrepared;
  // But planning calls functions, and shows what they give as constants.
  if (inner.opaque || reading.shared.functions.size > 0)
    for (const { relation, name, use } of inner.columns())
      if (use === "predicate" || use === "presence") out.add({ relation, name }, "computed");
}

function isOff(argument: unknown): boolean {
  const wrapped = unwrap(argument);
  if (wrapped === null) return false;
  const value = String(
    wrapped.body.sval ?? wrapped.body.ival ?? wrapped.body.boolval ?? wrapped.body.fval ?? "0",
  ).toLowerCase();
  return ["off", "false", "0"].includes(value);
}

function execute(reading: Reading, body: Tree, scope: Scope, out: Collector, told: Told): void {
  const { findings } = reading;
  const name = word(body.name);
  const text = reading.context.prepared?.get(name);
  findings.usesPrepared = true;
  readExpression(reading, body.params, scope, "sink", findings);
  if (text === undefined || reading.shared.prepared.has(name)) {
    findings.unknown(`what the prepared statement ${name} holds is not known`);
    findings.opaque = true;
    return;
  }
  // A text that prepares itself under its own name would not end.
  reading.shared.prepared.add(name);
  for (const statement of reading.parser.parse(text))
    readStatement(reading, bodyOf(statement.node, "PrepareStmt")?.query ?? statement.node, scope, out, told);
  reading.shared.prepared.delete(name);
}
