import { refused } from "./refusal.js";

/*
 * Our own reader of RFC 7644 filters. The schema library's writes attribute names of the filter into objects as they come, so
 * that `a.__proto__.b eq 1` changes what all objects have; it multiplies out what is grouped, and it negates a conjunction wrongly.
 */

export const comparators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"] as const;
export type Comparator = (typeof comparators)[number];
export type FilterValue = string | number | boolean | null;

/** A filter as a tree. Paths are in lower case, without the URN of the core schema. */
export type Filter =
  | { readonly is: "and" | "or"; readonly of: readonly Filter[] }
  | { readonly is: "not"; readonly of: Filter }
  | { readonly is: "present"; readonly path: string }
  | { readonly is: "compare"; readonly path: string; readonly by: Comparator; readonly value: FilterValue }
  /** Some item of a list for which all of `of` holds; its paths are of the item. */
  | { readonly is: "some"; readonly path: string; readonly of: Filter };

const most = { length: 4_096, depth: 10, terms: 64 };
const attribute =
  /^(?:urn:[a-z0-9][a-z0-9-]{0,31}:[a-z0-9:._-]{1,150}:)?[a-z$][a-z0-9_$-]{0,63}(?:\.[a-z][a-z0-9_$-]{0,63}){0,2}$/;
const core = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/;
const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user";

type Token =
  | { readonly kind: "word" | "(" | ")" | "[" | "]"; readonly text: string }
  | { readonly kind: "text"; readonly text: string };

/** Throws `invalidFilter`. */
export function parseFilter(text: string): Filter {
  if (text.length > most.length) throw bad(`a filter has at most ${most.length} characters`);
  const reader = new FilterReader(tokensOf(text));
  const filter = reader.either(0);
  reader.end();
  return filter;
}

/** An attribute's path as it is looked up; throws `invalidFilter`. The enterprise schema's own URN becomes `enterprise`. */
export function pathFrom(text: string): string {
  const lower = text.toLowerCase();
  if (lower === enterprise) return "enterprise";
  if (!attribute.test(lower)) throw bad(`not an attribute: ${JSON.stringify(text.slice(0, 80))}`);
  if (lower.startsWith(`${enterprise}:`)) return `enterprise.${lower.slice(enterprise.length + 1)}`;
  return lower.replace(core, "");
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (/\s/.test(char)) at += 1;
    else if (char === "(" || char === ")" || char === "[" || char === "]") {
      tokens.push({ kind: char, text: char });
      at += 1;
    } else if (char === '"') {
      const end = endOfText(text, at);
      tokens.push({ kind: "text", text: stringFrom(text.slice(at, end)) });
      at = end;
    } else {
      let end = at;
      while (end < text.length && !/[\s()[\]"]/.test(text[end]!)) end += 1;
      // What follows a bracket at once, `.value`, belongs to what is before it.
      tokens.push({ kind: "word", text: text.slice(at, end) });
      at = end;
    }
  }
  return tokens;
}

function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += text[at] === "\\" ? 2 : 1) if (text[at] === '"') return at + 1;
  throw bad("a text in the filter has no end");
}

function stringFrom(json: string): string {
  try {
    return JSON.parse(json) as string;
  } catch {
    throw bad("a text in the filter is not a JSON string");
  }
}

class FilterReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #terms = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  end(): void {
    if (this.#at < this.#tokens.length)
      throw bad(`unexpected ${JSON.stringify(this.#tokens[this.#at]!.text.slice(0, 40))}`);
  }

  either(depth: number): Filter {
    if (depth > most.depth) throw bad("the filter is nested too deep");
    const of = [this.#both(depth)];
    while (this.#takeWord("or")) of.push(this.#both(depth));
    return of.length === 1 ? of[0]! : { is: "or", of };
  }

  #both(depth: number): Filter {
    const of = [this.#one(depth)];
    while (this.#takeWord("and")) of.push(this.#one(depth));
    return of.length === 1 ? of[0]! : { is: "and", of };
  }

  #one(depth: number): Filter {
    this.#terms += 1;
    if (this.#terms > most.terms) throw bad(`a filter has at most ${most.terms} terms`);
    if (this.#peek()?.kind === "word" && this.#peek()!.text.toLowerCase() === "not" && this.#peek(1)?.kind === "(") {
      this.#at += 1;
      return { is: "not", of: this.#group(depth) };
    }
    if (this.#peek()?.kind === "(") return this.#group(depth);
    return this.#comparison(depth);
  }

  #group(depth: number): Filter {
    this.#take("(");
    const inner = this.either(depth + 1);
    this.#take(")");
    return inner;
  }

  #comparison(depth: number): Filter {
    const path = pathFrom(this.#take("word").text);
    if (this.#peek()?.kind !== "[") return this.#compared(path);
    this.#at += 1;
    const of = this.either(depth + 1);
    this.#take("]");
    const rest = this.#peek();
    if (rest?.kind !== "word" || !rest.text.startsWith(".")) return { is: "some", path, of };
    this.#at += 1;
    const sub = this.#compared(pathFrom(rest.text.slice(1)));
    return { is: "some", path, of: { is: "and", of: [of, sub] } };
  }

  #compared(path: string): Filter {
    const word = this.#take("word").text.toLowerCase();
    if (word === "pr") return { is: "present", path };
    const by = comparators.find((one) => one === word);
    if (by === undefined) throw bad(`unknown comparison ${JSON.stringify(word.slice(0, 40))}`);
    return { is: "compare", path, by, value: this.#value() };
  }

  #value(): FilterValue {
    const token = this.#peek();
    if (token?.kind === "text") {
      this.#at += 1;
      return token.text;
    }
    const word = this.#take("word").text;
    if (word === "null") return null;
    if (/^(true|false)$/i.test(word)) return word.toLowerCase() === "true";
    if (/^-?\d{1,15}(\.\d{1,15})?$/.test(word)) return Number(word);
    throw bad(`not a value: ${JSON.stringify(word.slice(0, 40))}`);
  }

  #peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  #take(kind: Token["kind"]): Token {
    const token = this.#peek();
    if (token?.kind !== kind)
      throw bad(
        token === undefined ? "the filter ends too early" : `unexpected ${JSON.stringify(token.text.slice(0, 40))}`,
      );
    this.#at += 1;
    return token;
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    if (token?.kind !== "word" || token.text.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }
}

function bad(text: string): Error {
  return refused("invalidFilter", text);
}
