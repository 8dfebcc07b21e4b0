import { badTemplate, namesIn, partsOf, textOf, type Value, type ValueName, type Values } from "./parts.js";

/** A statement with `$1`, `$2`, … where values go: they travel apart from it and are never part of its text. */
export interface SqlTemplate {
  readonly text: string;
  /** The value of each parameter, in order. */
  readonly binds: readonly ValueName[];
  readonly names: readonly ValueName[];
}

const word = /[\w$\x80-\uffff]/;
const dollarTag = /^\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$/;

/** Where a place may not stand, in words. */
type Inside = "a literal" | "a quoted name" | "a comment" | "a dollar-quoted literal";

/** Makes a bind parameter of every place. Throws HoopError `invalid` for a template in which a value would be part of the text. */
export function compileSql(template: string): SqlTemplate {
  const parts = partsOf(template);
  const scan = new SqlScan();
  const binds: ValueName[] = [];
  let text = "";
  for (const [index, part] of parts.entries()) {
    if (part.kind === "text") {
      scan.read(part.text);
      text += part.text;
      continue;
    }
    if (scan.inside !== null)
      throw badTemplate(
        `{{${part.name}}} stands inside ${scan.inside}, where it would be pasted`,
        "write it without quotes: it becomes a bind parameter",
      );
    const next = parts[index + 1];
    if (
      word.test(text.at(-1) ?? " ") ||
      next?.kind === "value" ||
      word.test(next?.kind === "text" ? next.text[0]! : " ")
    )
      throw badTemplate(`{{${part.name}}} touches what stands beside it, and would be part of a name or number`);
    if (scan.ended) throw badTemplate("a step is one statement; give the next one a step of its own");
    binds.push(part.name);
    text += `$${binds.length}`;
  }
  if (scan.inside !== null && scan.inside !== "a comment")
    throw badTemplate(`the statement ends inside ${scan.inside}`);
  if (text.trim() === "") throw badTemplate("the statement is empty");
  return { text, binds, names: namesIn(parts) };
}

/** Reads SQL as PostgreSQL's lexer does, as far as it takes to know what stands inside what. */
class SqlScan {
  inside: Inside | null = null;
  /** A semicolon went by. */
  ended = false;
  #close = "";
  #escapes = false;
  #depth = 0;
  #before = "";

  read(text: string): void {
    for (let at = 0; at < text.length; ) at += this.inside === null ? this.#code(text, at) : this.#quoted(text, at);
    this.#before = text.at(-1) ?? this.#before;
  }

  /** Answers how many characters it took. */
  #code(text: string, at: number): number {
    const char = text[at]!;
    const previous = text[at - 1] ?? this.#before;
    if (text.startsWith("--", at)) return this.#enter("a comment", "\n", 2);
    if (text.startsWith("/*", at)) {
      this.#depth = 1;
      return this.#enter("a comment", "*/", 2);
    }
    if (this.ended && !/[\s;]/.test(char))
      throw badTemplate("a step is one statement; give the next one a step of its own");
    if (char === "'") {
      this.#escapes = /[eE]/.test(previous) && !word.test(text[at - 2] ?? " ");
      return this.#enter("a literal", "'", 1);
    }
    if (char === '"') return this.#enter("a quoted name", '"', 1);
    if (char === "$" && !word.test(previous || " ")) {
      if (/\d/.test(text[at + 1] ?? ""))
        throw badTemplate("the statement numbers its parameters itself", "write {{name}} instead of $1");
      const tag = dollarTag.exec(text.slice(at, at + 70))?.[0];
      if (tag !== undefined) return this.#enter("a dollar-quoted literal", tag, tag.length);
    }
    if (char === ";") this.ended = true;
    return 1;
  }

  #quoted(text: string, at: number): number {
    if (this.#close === "*/" && text.startsWith("/*", at)) {
      this.#depth += 1;
      return 2;
    }
    if (this.#escapes && text[at] === "\\") return 2;
    if (!text.startsWith(this.#close, at)) return 1;
    const doubled = (this.#close === "'" || this.#close === '"') && text[at + 1] === this.#close;
    if (doubled) return 2;
    if (this.#close === "*/" && --this.#depth > 0) return 2;
    const length = this.#close.length;
    this.inside = null;
    this.#escapes = false;
    return length;
  }

  #enter(inside: Inside, close: string, length: number): number {
    this.inside = inside;
    this.#close = close;
    return length;
  }
}

/** The bind values, as text where there is any: the target reads each by the type that it expects there. */
export function sqlValues(template: SqlTemplate, values: Values): readonly (string | null)[] {
  return template.binds.map((name) => bound(values(name)));
}

const bound = (value: Value): string | null => (value === null ? null : textOf(value));
