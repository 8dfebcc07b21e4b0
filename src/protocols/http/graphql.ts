/** What a GraphQL request does, as far as its text says. */
export interface GraphqlFacts {
  /** `query`, `mutation`, `subscription`; each kind once. */
  readonly types: readonly string[];
  readonly names: readonly string[];
  /** Fields of the outermost level by their own names, not their aliases. */
  readonly fields: readonly string[];
  /** Some field goes by another name in the answer. */
  readonly aliases: boolean;
}

const maxTokens = 50_000;
const maxDepth = 200;
const token =
  /[\s,\ufeff]+|#[^\n\r]*|"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n\r])*"|\.\.\.|[_A-Za-z][_0-9A-Za-z]*|-?[0-9][0-9.eE+-]*|[!$&()|:=@[\]{}]/y;
const operations = new Set(["query", "mutation", "subscription"]);

interface Selection {
  readonly fields: readonly string[];
  readonly spreads: readonly string[];
}

interface Definition extends Selection {
  /** `fragment` too. */
  readonly type: string;
  readonly name: string;
}

/** Reads a document; null: it is none, or too large to be read. `operationName` picks one of several. */
export function readGraphql(text: string, operationName: string | null): GraphqlFacts | null {
  const tokens = tokensOf(text);
  if (tokens === null) return null;
  const reader = new DocumentReader(tokens);
  const definitions = reader.read();
  if (definitions === null) return null;
  const all = definitions.filter(({ type }) => operations.has(type));
  const chosen = operationName === null ? all : all.filter(({ name }) => name === operationName);
  if (chosen.length !== 1) return null;
  const [operation] = chosen as [Definition];
  const fragments = new Map(definitions.filter(({ type }) => type === "fragment").map((one) => [one.name, one]));
  const fields = new Set<string>();
  const seen = new Set<string>();
  const visit = ({ fields: own, spreads }: Selection): boolean => {
    for (const field of own) fields.add(field);
    return spreads.every((name) => {
      if (seen.has(name)) return true;
      seen.add(name);
      const fragment = fragments.get(name);
      return fragment !== undefined && visit(fragment);
    });
  };
  if (!visit(operation)) return null;
  return {
    types: [operation.type],
    names: operation.name === "" ? [] : [operation.name],
    fields: [...fields],
    aliases: reader.aliases,
  };
}

function tokensOf(text: string): string[] | null {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const found = token.exec(text)?.[0];
    if (found === undefined || tokens.length > maxTokens) return null;
    if (/^[^\s,#\ufeff]/.test(found)) tokens.push(found);
  }
  return tokens;
}

class DocumentReader {
  readonly #tokens: readonly string[];
  #at = 0;
  aliases = false;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  read(): Definition[] | null {
    const definitions: Definition[] = [];
    try {
      while (this.#at < this.#tokens.length) definitions.push(this.#definition());
    } catch {
      return null;
    }
    return definitions;
  }

  #definition(): Definition {
    const type = this.#peek() === "{" ? "query" : this.#next();
    if (type !== "fragment" && !operations.has(type)) throw new Error("no definition");
    let name = "";
    if (isName(this.#peek())) name = this.#next();
    // Type conditions, variables and directives say nothing of what is selected.
    while (this.#peek() !== "{") {
      if (this.#peek() === "(") this.#skip("(", ")");
      else this.#next();
    }
    return { type, name, ...this.#selection(0) };
  }

  #selection(depth: number): Selection {
    if (depth > maxDepth || this.#next() !== "{") throw new Error("no selection");
    const fields: string[] = [];
    const spreads: string[] = [];
    while (this.#peek() !== "}") {
      if (this.#peek() === "...") {
        this.#next();
        if (isName(this.#peek()) && this.#peek() !== "on") {
          spreads.push(this.#next());
          this.#directives();
          continue;
        }
        if (this.#peek() === "on") this.#at += 2;
        this.#directives();
        const inner = this.#selection(depth + 1);
        fields.push(...inner.fields);
        spreads.push(...inner.spreads);
        continue;
      }
      let name = this.#name();
      if (this.#peek() === ":") {
        this.#next();
        const own = this.#name();
        if (own !== name) this.aliases = true;
        name = own;
      }
      fields.push(name);
      if (this.#peek() === "(") this.#skip("(", ")");
      this.#directives();
      if (this.#peek() === "{") this.#selection(depth + 1);
    }
    this.#next();
    return { fields, spreads };
  }

  #directives(): void {
    while (this.#peek() === "@") {
      this.#next();
      this.#name();
      if (this.#peek() === "(") this.#skip("(", ")");
    }
  }

  #skip(open: string, close: string): void {
    let depth = 0;
    do {
      const next = this.#next();
      if (next === open) depth++;
      else if (next === close) depth--;
    } while (depth > 0);
  }

  #name(): string {
    const name = this.#next();
    if (!isName(name)) throw new Error("no name");
    return name;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #next(): string {
    const next = this.#tokens[this.#at++];
    if (next === undefined) throw new Error("it ends in the middle");
    return next;
  }
}

const isName = (text: string | undefined): boolean => text !== undefined && /^[_A-Za-z]/.test(text);
