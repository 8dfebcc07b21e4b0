import { loadModule, scanSync } from "libpg-query";
import { scanTokens } from "../../src/sql/lexer.js";
import { showText } from "../../src/sql/show-text.js";
import { statementShape } from "../../src/sql/statement-shape.js";
import { Finding, type FuzzTarget } from "../target.js";

let loaded: Promise<void> | null = null;

type Kind = "string" | "comment" | "name";
interface Token {
  readonly kind: Kind;
  /** Bytes of UTF-8. */
  readonly start: number;
  readonly end: number;
}

/** Where literals, comments and quoted names begin and end: our scanner and PostgreSQL's own must agree. */
export const sqlLexer: FuzzTarget = {
  name: "sql-lexer",
  seeds: () => sqlSeeds.map((text) => Buffer.from(text)),
  async run(input) {
    loaded ??= loadModule();
    await loaded;
    const text = input.toString("utf8").replaceAll("\0", " ");
    const theirs = byPostgres(text);
    const ours = byOurs(text);
    const shown = showText(text);
    statementShape(text);
    if (theirs === null) return ours === null ? "neither reads it" : "only ours reads it";
    if (ours === null) throw new Finding(`PostgreSQL reads what we do not: ${JSON.stringify(text)}`);
    if (shown === null) throw new Finding("scanned, but not shown");
    for (const kind of ["string", "comment", "name"] as const) {
      const [a, b] = [covered(theirs, kind), covered(ours, kind)];
      if (a !== b) throw new Finding(`${kind}: PostgreSQL has ${a}, we have ${b} in ${JSON.stringify(text)}`);
    }
    return `${theirs
      .map(({ kind }) => kind[0])
      .join("")
      .slice(0, 6)}`;
  },
};

/** Ranges of one kind. */
function covered(tokens: readonly Token[], kind: Kind): string {
  return tokens
    .filter((token) => token.kind === kind)
    .map(({ start, end }) => `${start}-${end}`)
    .join(" ");
}

/** Numbers of PostgreSQL's grammar for tokens; the parser's package names only some of them. */
const kinds: Readonly<Record<number, Kind>> = {
  258: "name",
  259: "name",
  261: "string",
  262: "string",
  263: "string",
  264: "string",
  275: "comment",
  276: "comment",
};

function byPostgres(text: string): Token[] | null {
  const bytes = Buffer.from(text);
  try {
    return scanSync(text).tokens.flatMap(({ start, end, tokenType }): Token[] => {
      const kind = kinds[tokenType];
      // Of words, only quoted ones have an end that can be argued about.
      return kind === undefined || (kind === "name" && !bytes.subarray(start, end).includes(0x22))
        ? []
        : [{ kind, start, end }];
    });
  } catch {
    return null;
  }
}

function byOurs(text: string): Token[] | null {
  const tokens: Token[] = [];
  let bytes = 0;
  let units = 0;
  let lastEnd = 0;
  const offset = (at: number) => {
    bytes += Buffer.byteLength(text.slice(units, at));
    units = at;
    return bytes;
  };
  const complete = scanTokens(text, (kind, from, to) => {
    if (kind !== "string" && kind !== "comment" && kind !== "name") return;
    // For PostgreSQL the N of N'…' is a word before the string.
    const start = offset(/^n'/i.test(text.slice(from, from + 2)) ? from + 1 : from);
    const end = offset(to);
    const last = tokens.at(-1);
    // PostgreSQL makes one token of quoted strings on lines of their own.
    const goesOn =
      last?.kind === "string" &&
      text[from] === "'" &&
      text[lastEnd - 1] === "'" &&
      /^\s*[\n\r]\s*$/.test(text.slice(lastEnd, from));
    lastEnd = to;
    if (goesOn) tokens[tokens.length - 1] = { kind, start: last.start, end };
    else tokens.push({ kind, start, end });
  });
  return complete ? tokens : null;
}

export const sqlSeeds: readonly string[] = [
  "select 1",
  "select 'a''b', \"c\"\"d\", E'e\\'f', $$g$$, $tag$h$$i$tag$, U&'\\0041', U&\"x\", b'01', x'1f', n'j'",
  "select a from t -- comment\n where b = $1 /* c /* nested */ */ and c <> -1.5e3",
  "select 'one'\n  'two' from \"T\" where x ~* '^a' and y @> '{1}' and z::int = 0x1F",
  "with d as (delete from t returning *) insert into u select * from d on conflict do nothing",
  "copy (select * from t) to stdout with (format csv); drop table t; begin; commit",
  "do $$ begin execute 'drop table t'; end $$",
  "select * from t where a in (1, 2, 3) order by 1 limit 10 offset 5 for update",
  "select é, 'ü', \"日本\" from ñ where 名 = '値'",
  "select 1--2\n+3, 4/*5*/-6, 7 operator(pg_catalog.+) 8, a->>'b', c #> '{d}', e|| f",
];
