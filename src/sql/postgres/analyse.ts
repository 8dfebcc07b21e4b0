import type { Catalogue } from "../../vocabulary/index.js";
import type { SqlAnalysis, SqlContext } from "../analyser.js";
import { condenseLiterals } from "../condense.js";
import { defaultSqlLimits, type SqlLimits } from "../limits.js";
import { refuseCharacters, refuseContext, refuseLength, refuseNesting } from "../screen.js";
import { statementShape } from "../statement-shape.js";
import { callById } from "./call.js";
import { indexCatalogue } from "./catalogue-index.js";
import type { Column } from "./column.js";
import { copiedQuery, copiesQuery } from "./copy.js";
import { Findings } from "./findings.js";
import { type ParsedStatement, type PostgresParser, type Reading, UnreadableText } from "./reading.js";
import { resultFrom } from "./result.js";
import { createScope } from "./scope.js";
import { schemasOf } from "./search-path.js";
import { readStatement } from "./statement.js";
import { bodyOf, unwrap } from "./tree.js";

/** An analysis, and how far it holds for other texts. */
export interface Analysed {
  readonly analysis: SqlAnalysis;
  /** It holds for every text of the same cache shape: no literal had a say. */
  readonly shareable: boolean;
  /** It holds for the same text at another time: nothing but the cache key had a say. */
  readonly repeatable: boolean;
}

/**
 * Analyses a text against a catalogue. Pure but for the parser it is given. Text that cannot be read gives an analysis that says so;
 * an error of the parser that is not about the text is thrown: the parser is not to be trusted after it.
 */
export function analysePostgres(
  whole: string,
  context: SqlContext,
  catalogue: Catalogue,
  parser: PostgresParser,
  limits: SqlLimits = defaultSqlLimits,
): Analysed {
  const tooLong = whole.length > limits.maxWhole ? `the statement is longer than ${limits.maxWhole} characters` : null;
  const condensed = tooLong === null ? condenseLiterals(whole) : whole;
  const unended = condensed === null ? "the statement ends inside of a string, name or comment" : null;
  const text = condensed ?? whole;
  const refused =
    tooLong ??
    refuseContext(context) ??
    refuseCharacters(whole) ??
    unended ??
    refuseLength(text, limits) ??
    refuseNesting(text, limits);
  if (refused !== null) return unreadable(text.slice(0, limits.maxText), refused);
  const findings = new Findings(indexCatalogue(catalogue));
  const path = pathOf(context, catalogue);
  const reading: Reading = {
    findings,
    index: findings.index,
    context,
    path,
    parser,
    limits,
    shared: {
      nodes: 0,
      views: new Map(),
      functions: new Map(),
      calling: new Set(),
      cyclic: false,
      prepared: new Set(),
      renamed: false,
      pathChanged: false,
    },
    depth: 0,
    planOnly: false,
  };
  let statements: readonly ParsedStatement[];
  try {
    statements = parser.parse(text);
    for (const statement of statements) {
      if (reading.shared.renamed && !isTransaction(statement.node))
        findings.unknown("an earlier statement of the same text changes what this one means");
      let columns: readonly Column[] | null = null;
      readStatement(reading, statement.node, createScope(null), findings, (told) => {
        columns = told;
      });
      findings.results.push(columns === null ? null : resultFrom(columns));
    }
    if (reading.shared.pathChanged && reading.shared.functions.size > 0)
      findings.unknown("the search path changes under the functions that are called");
    callImplicitCasts(reading);
    findings.callsBodies = reading.shared.functions.size > 0;
    // Which of several copies a row belongs to is not told.
    if (findings.copiesOut && statements.length > 1) {
      findings.copy = null;
      findings.opaque = true;
      findings.unplaced = true;
    }
  } catch (thrown) {
    if (thrown instanceof UnreadableText) return unreadable(text, thrown.message);
    throw thrown;
  }
  const only = statements.length === 1 ? bodyOf(statements[0]?.node, "CopyStmt") : null;
  if (only !== null && copiesQuery(only)) findings.copyQuery = copiedQuery(text);
  return {
    analysis: findings.toAnalysis(statementShape(text), statements.length),
    shareable: !findings.literalsMatter && !findings.usesPrepared,
    repeatable: !findings.usesPrepared,
  };
}

/** The server passes over schemas that the role may not use. Of another role than the login's that is not known. */
function pathOf(context: SqlContext, catalogue: Catalogue): readonly string[] {
  if (context.searchPath === null) return catalogue.searchPath;
  const path = schemasOf(context.searchPath, context.role);
  const closed = new Set(context.role === catalogue.role ? catalogue.closedSchemas : []);
  return path.filter((schema) => !closed.has(schema));
}

function isTransaction(node: unknown): boolean {
  return unwrap(node)?.kind === "TransactionStmt";
}

/** Casts that nobody wrote may happen anywhere. */
function callImplicitCasts(reading: Reading): void {
  const { findings } = reading;
  if (findings.effects.size === 0) return;
  const argument = () => findings.add({ relation: null, name: "*" }, "sink");
  for (const id of reading.index.catalogue.implicitCasts ?? [])
    callById(reading, id, { use: "computed", out: findings, argument });
}

/** What is said of a text that nobody could read: it may do anything. */
export function unreadable(text: string, why: string): Analysed {
  return { analysis: unknownAnalysis(text, why), shareable: false, repeatable: true };
}

export function unknownAnalysis(text: string, why: string): SqlAnalysis {
  return {
    shape: statementShape(text.length > 65_536 ? text.slice(0, 65_536) : text),
    effects: ["unknown"],
    resources: [],
    attributes: { noWhere: [], utility: [], escapes: [] },
    unknowns: [why],
    reach: [],
    columns: [],
    opaque: true,
    copy: null,
    copyQuery: null,
    changesCatalogue: true,
    changesContext: true,
    statements: 0,
  };
}
