import type { SqlContext } from "./analyser.js";
import { scanTokens } from "./lexer.js";
import type { SqlLimits } from "./limits.js";
import { isOn, isSafeEncoding } from "./settings.js";

/** Why a text is not even given to the parser; null: it may be. */
export function refuseContext(context: SqlContext): string | null {
  const conforming = context.settings.standard_conforming_strings;
  if (conforming !== undefined && !isOn(conforming))
    return "standard_conforming_strings is off: where strings end cannot be told";
  const encoding = context.settings.client_encoding;
  if (encoding !== undefined && !isSafeEncoding(encoding))
    return `in the client encoding ${encoding.slice(0, 32)} the end of a string cannot be told from its bytes`;
  return null;
}

/** More than the parser is given at once. */
export function refuseLength(text: string, limits: SqlLimits): string | null {
  return text.length > limits.maxText ? `the statement is longer than ${limits.maxText} characters` : null;
}

/** Text that no two readers agree on. */
export function refuseCharacters(text: string): string | null {
  if (text.includes("\u0000")) return "the statement holds a NUL";
  if (/\p{Surrogate}/u.test(text)) return "the statement is not valid Unicode";
  return null;
}

const joining = new Set(["union", "intersect", "except", "join"]);
const separating = new Set(["and", "or"]);
const marks = { open: "([", close: ")]", separate: ",;" };

/** Text that is nested or chained so deep that reading it could end the parser's stack. */
export function refuseNesting(text: string, limits: SqlLimits): string | null {
  let tokens = 0;
  let chain = 0;
  let cases = 0;
  let refused: string | null = null;
  const runs = [0];
  const complete = scanTokens(text, (kind, start, end) => {
    if (kind === "comment" || refused !== null) return;
    tokens += 1;
    const word = kind === "word" && end - start <= 9 ? text.slice(start, end).toLowerCase() : "";
    const mark = kind === "mark" ? (text[start] ?? "") : "";
    if (mark !== "" && marks.open.includes(mark)) runs.push(0);
    else if (mark !== "" && marks.close.includes(mark) && runs.length > 1) runs.pop();
    if (joining.has(word)) chain += 1;
    if (word === "case") cases += 1;
    if (word === "end") cases = Math.max(0, cases - 1);
    const last = runs.length - 1;
    const separator = separating.has(word) || (mark !== "" && marks.separate.includes(mark));
    runs[last] = separator ? 0 : (runs[last] ?? 0) + 1;
    if (mark === ";" && runs.length === 1) chain = 0;
    if (tokens > limits.maxTokens) refused = `the statement has more than ${limits.maxTokens} words`;
    else if (runs.length + cases > limits.maxDepth) refused = "the statement is nested too deep";
    else if ((runs[last] ?? 0) > limits.maxRun) refused = "an expression of the statement is too long";
    else if (chain > limits.maxChain) refused = "the statement joins too many queries";
  });
  return refused ?? (complete ? null : "the statement ends inside of a string, name or comment");
}
