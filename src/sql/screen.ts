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
const branching = new Set(["when", "then", "else"]);
const marks = { open: "([", close: ")]", separate: ",;" };

/** A bracket, or a CASE, that is open: how many tokens its expression has so far. */
interface Open {
  readonly by: "text" | "bracket" | "case";
  run: number;
}

/**
 * Text that is nested or chained so deep that reading it could end the parser's stack. CASE … END is a bracket whose WHEN, THEN and ELSE
 * separate: the parser keeps its branches in a list.
 */
export function refuseNesting(text: string, limits: SqlLimits): string | null {
  let tokens = 0;
  let chain = 0;
  let refused: string | null = null;
  let label = false;
  const open: Open[] = [{ by: "text", run: 0 }];
  const complete = scanTokens(text, (kind, start, end) => {
    if (kind === "comment" || refused !== null) return;
    tokens += 1;
    // Behind a dot or AS every word is a name.
    const word = kind === "word" && end - start <= 9 && !label ? text.slice(start, end).toLowerCase() : "";
    const mark = kind === "mark" ? (text[start] ?? "") : "";
    label = mark === "." || word === "as";
    if (mark !== "" && marks.close.includes(mark)) closeBracket(open);
    else if (mark !== "" && marks.open.includes(mark)) open.push({ by: "bracket", run: 0 });
    else if (word === "case") open.push({ by: "case", run: 0 });
    // To what stands around it all of it is one.
    else if (word === "end" && open.at(-1)!.by === "case") open.pop();
    const last = open.at(-1)!;
    const separates =
      separating.has(word) ||
      (mark !== "" && marks.separate.includes(mark)) ||
      (last.by === "case" && branching.has(word));
    last.run = separates ? 0 : last.run + 1;
    if (joining.has(word)) chain += 1;
    if (mark === ";" && open.length === 1) chain = 0;
    if (tokens > limits.maxTokens) refused = `the statement has more than ${limits.maxTokens} words`;
    else if (open.length > limits.maxDepth) refused = "the statement is nested too deep";
    else if (last.run > limits.maxRun) refused = "an expression of the statement is too long";
    else if (chain > limits.maxChain) refused = "the statement joins too many queries";
  });
  return refused ?? (complete ? null : "the statement ends inside of a string, name or comment");
}

/** What is open inside of the bracket ends with it. */
function closeBracket(open: Open[]): void {
  const at = open.findLastIndex(({ by }) => by === "bracket");
  if (at > 0) open.length = at;
}
