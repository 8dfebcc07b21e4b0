import { createHash } from "node:crypto";
import { scanTokens } from "./lexer.js";

const maxShape = 4096;

/**
 * What people recognise a statement by: one spelling for all texts that differ in white space, letter case, comments and literals only.
 * Lists of literals of any length look alike.
 *
 * @example statementShape("SELECT a FROM t\n WHERE id IN (1, 2)") // "select a from t where id in ( ?* )"
 */
export function statementShape(text: string): string {
  const parts: string[] = [];
  const complete = scanTokens(text, (kind, start, end) => {
    if (kind === "comment") return;
    if (kind === "string" || kind === "number") {
      // `?, ?` becomes `?*`, and so does everything that follows it.
      if (parts.at(-1) === "," && (parts.at(-2) === "?" || parts.at(-2) === "?*")) parts.splice(-2, 2, "?*");
      else parts.push("?");
      return;
    }
    const word = text.slice(start, end);
    parts.push(kind === "word" ? word.toLowerCase() : word);
  });
  const shape = parts.join(" ");
  if (!complete) return `unreadable ${digest(text)}`;
  return shape.length <= maxShape ? shape : `${shape.slice(0, maxShape)} ${digest(shape)}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
