import { type Collector, ValueCollector } from "./column.js";
import { type Reading, UnreadableText, visit } from "./reading.js";
import { createScope } from "./scope.js";
import { readBodyStatements } from "./statement.js";
import { isTree, list, type Tree, tree, word } from "./tree.js";

const plainNodes = new Set(
  `PLpgSQL_function PLpgSQL_var PLpgSQL_row PLpgSQL_rec PLpgSQL_recfield PLpgSQL_type PLpgSQL_expr PLpgSQL_nsitem PLpgSQL_stmt_block
   PLpgSQL_stmt_assign PLpgSQL_stmt_if PLpgSQL_if_elsif PLpgSQL_stmt_case PLpgSQL_case_when PLpgSQL_stmt_loop PLpgSQL_stmt_while
   PLpgSQL_stmt_fori PLpgSQL_stmt_fors PLpgSQL_stmt_forc PLpgSQL_stmt_foreach_a PLpgSQL_stmt_exit PLpgSQL_stmt_return
   PLpgSQL_stmt_return_next PLpgSQL_stmt_return_query PLpgSQL_stmt_raise PLpgSQL_raise_option PLpgSQL_stmt_assert PLpgSQL_stmt_execsql
   PLpgSQL_stmt_getdiag PLpgSQL_diag_item PLpgSQL_stmt_open PLpgSQL_stmt_fetch PLpgSQL_stmt_close PLpgSQL_stmt_perform
   PLpgSQL_stmt_call PLpgSQL_stmt_commit PLpgSQL_stmt_rollback PLpgSQL_exception_block PLpgSQL_exception PLpgSQL_condition`
    .trim()
    .split(/\s+/),
);

/** Statements whose text is made while they run. */
const dynamic = new Set(["PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"]);

const maxGuesses = 32;

/** A body of PL/pgSQL: of a function, or of DO. Values of its result go to `values`. */
export function readPlpgsql(
  reading: Reading,
  source: { readonly body: string; readonly procedure: boolean },
  values: Collector,
): void {
  const parsed = parseBody(reading, source);
  const body = new Body(reading);
  body.read(parsed);
  // Inside of a body values move through variables: as soon as one thing leaves it, any may.
  const leaks =
    body.speaks || reading.findings.opaque || [...reading.findings.effects].some((effect) => effect !== "read");
  for (const origin of body.values.origins()) values.add(origin, leaks ? "sink" : "computed");
}

/**
 * The parser wants the whole CREATE FUNCTION, the catalogue has the body only. What the body itself cannot tell, its kind and the
 * parameters that it assigns, is guessed until it parses: none of that changes which statements it holds.
 */
function parseBody(reading: Reading, source: { readonly body: string; readonly procedure: boolean }): unknown {
  const parameters = new Set<string>();
  let returns = "int";
  const quote = dollarQuote(source.body);
  for (let guess = 0; guess < maxGuesses; guess += 1) {
    const list = [...parameters].map((name) => `"${name.replaceAll('"', '""')}" record`).join(", ");
    const head =
      returns === "procedure" ? `create procedure f(${list})` : `create function f(${list}) returns ${returns}`;
    try {
      return reading.parser.parsePlpgsql(`${head} language plpgsql as ${quote}${source.body}${quote}`);
    } catch (thrown) {
      if (!(thrown instanceof UnreadableText)) throw thrown;
      const unknown = /^"([^".]+)(?:\.[^"]*)?" is not a known variable/.exec(thrown.message)?.[1];
      const next = nextReturns(returns, thrown.message);
      if (unknown !== undefined && ["new", "old"].includes(unknown) && returns !== "trigger") returns = "trigger";
      else if (unknown !== undefined && !parameters.has(unknown)) parameters.add(unknown);
      else if (next !== null) returns = next;
      else throw thrown;
    }
  }
  throw new UnreadableText("the body cannot be read");
}

function nextReturns(returns: string, message: string): string | null {
  if (/cannot use RETURN (NEXT|QUERY) in a non-SETOF function/i.test(message)) return "setof int";
  if (/missing expression|RETURN cannot have|RETURN must|syntax error|type/i.test(message)) {
    const order = ["int", "void", "setof int", "record", "trigger", "event_trigger", "procedure"];
    return order[order.indexOf(returns) + 1] ?? null;
  }
  return null;
}

/** A dollar quote that the body does not hold. */
function dollarQuote(body: string): string {
  for (let at = 0; ; at += 1) {
    const quote = `$hoop${at}$`;
    if (!body.includes(quote)) return quote;
  }
}

class Body {
  readonly values: ValueCollector;
  /** It raises messages with values in them. */
  speaks = false;
  readonly #variables = new Set<string>();

  constructor(readonly reading: Reading) {
    this.values = new ValueCollector(reading.findings);
  }

  read(node: unknown): void {
    if (Array.isArray(node)) {
      for (const each of node) this.read(each);
      return;
    }
    if (!isTree(node)) return;
    visit(this.reading);
    for (const [key, value] of Object.entries(node)) {
      if (key === "datums") this.#declare(value);
      if (key.startsWith("PLpgSQL_")) this.#node(key, tree(value));
      else this.read(value);
    }
  }

  #declare(datums: unknown): void {
    for (const each of list(datums))
      for (const datum of Object.values(tree(each))) this.#variables.add(word(tree(datum).refname));
  }

  #node(kind: string, body: Tree): void {
    const { findings } = this.reading;
    if (kind === "PLpgSQL_expr") {
      this.#expression(word(body.query), Number(body.parseMode ?? 0));
      return;
    }
    if (dynamic.has(kind) || body.dynquery !== undefined) {
      findings.unknown("a body runs text that it makes while it runs");
      findings.opaque = true;
    } else if (!plainNodes.has(kind)) {
      findings.unknown(`a body holds ${kind}, which cannot be read`);
      findings.opaque = true;
    }
    if (
      (kind === "PLpgSQL_stmt_raise" && list(body.params).length + list(body.options).length > 0) ||
      kind === "PLpgSQL_stmt_assert"
    )
      this.speaks = true;
    this.read(body);
  }

  #expression(query: string, mode: number): void {
    // https://github.com/postgres/postgres/blob/REL_18_STABLE/src/include/parser/parser.h: RawParseMode
    const text = mode === 0 ? query : `select ${mode >= 3 ? assigned(query) : query}`;
    const scope = createScope(null, this.#variables);
    readBodyStatements(this.reading, this.reading.parser.parse(text), scope, this.values);
  }
}

/** The right side of `a.b[1] := …`. */
function assigned(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') at = text.indexOf('"', at + 1);
    if (at < 0) break;
    if (char === "[" || char === "(") depth += 1;
    if (char === "]" || char === ")") depth -= 1;
    if (depth > 0) continue;
    if (char === ":" && text[at + 1] === "=") return text.slice(at + 2);
    if (char === "=") return text.slice(at + 1);
  }
  throw new UnreadableText("an assignment of a body cannot be read");
}
