import type { Word } from "./script.js";

/** The word as it reaches the command; null where that is known only when it runs. */
export function literal({ parts, expands }: Word): string | null {
  if (expands) return null;
  let text = "";
  for (const part of parts) {
    if (part.kind === "unknown") return null;
    text += part.text;
  }
  return text;
}

/** For people and patterns: what is known, `?` for what is not. */
export function shown({ parts }: Word): string {
  return parts.map((part) => (part.kind === "text" ? part.text : "?")).join("");
}

export function plainWord(text: string): Word {
  return { parts: [{ kind: "text", text, quoted: true }], expands: false };
}

/** Something that is put in when it runs: what `xargs` adds, what `find` found. */
export const someWord: Word = { parts: [{ kind: "unknown", text: "?" }], expands: false };

/** Whether it is an unquoted brace and nothing else. */
export function isBrace({ parts }: Word): boolean {
  const [only] = parts;
  return parts.length === 1 && only?.kind === "text" && !only.quoted && (only.text === "{" || only.text === "}");
}

/** Whether it begins with an unquoted tilde, which stands for a home. */
export function beginsWithTilde({ parts }: Word): boolean {
  const first = parts[0];
  return first?.kind === "text" && !first.quoted && first.text.startsWith("~");
}
