import { scanTokens } from "./lexer.js";

/**
 * The text with every literal replaced by `?`: what may be shown of a statement to people who may not see its values. Comments are
 * left out, they may hold anything. Null when it cannot be told where literals end.
 *
 * @example showText("select * from t where a = 'x' -- y") // "select * from t where a = ?"
 */
export function showText(text: string): string | null {
  let shown = "";
  let last = 0;
  const complete = scanTokens(text, (kind, start, end) => {
    if (kind !== "string" && kind !== "number" && kind !== "comment") return;
    shown += text.slice(last, start);
    shown += kind === "comment" ? "" : "?";
    last = end;
  });
  return complete ? (shown + text.slice(last)).trimEnd() : null;
}
