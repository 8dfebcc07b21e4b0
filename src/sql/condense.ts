import { scanTokens } from "./lexer.js";

/** Texts up to this length are parsed as they are. UTF-16 units. */
const longText = 1024 * 1024;
/** Plain string literals longer than this are data: no name, number, setting or code that anybody reads is that long. */
const longLiteral = 64 * 1024;

/**
 * Stands in for a literal that is too long to parse. Where the target would run a literal as code (a function's body, a query as
 * text) this is a syntax error, and so the statement is unknown: a condensed text never looks more harmless than the whole.
 */
const standIn = "'hoop: this literal is too long to be read)'";

/**
 * The text with its very long plain literals replaced, so that a statement that carries 100 MB of data is parsed by its few
 * hundred bytes of SQL. Null when it cannot be told where literals end.
 */
export function condenseLiterals(text: string): string | null {
  if (text.length <= longText) return text;
  const parts: string[] = [];
  let last = 0;
  const complete = scanTokens(text, (kind, start, end) => {
    if (kind !== "string" || end - start <= longLiteral || text[start] !== "'") return;
    parts.push(text.slice(last, start), standIn);
    last = end;
  });
  return complete ? parts.join("") + text.slice(last) : null;
}
