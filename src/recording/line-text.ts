/**
 * A value as a line of an export, without its line feed. Some readers of lines, Node's among them, take U+2028 and U+2029
 * for the end of one; escaped, the text is the same. There is one way to write a line: a verifier takes no other.
 */
export function lineText(value: unknown): string {
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (end) => (end === "\u2028" ? "\\u2028" : "\\u2029"));
}
