import type { Catalogue, PlainWrite } from "../../vocabulary/index.js";
import type { SqlAnalysis } from "../analyser.js";

const name = `(?:"(?:[^"]|"")+"|[\\p{L}_][\\p{L}\\p{N}_$]*)`;
const head = new RegExp(
  `^(insert\\s+into|update|delete\\s+from|merge\\s+into)\\s+(?:only\\s+)?(?:(${name})\\s*\\.\\s*)?(${name})(?![\\w.])(?:\\s*\\*)?(?:\\s+(?:as\\s+)?(${name}))?`,
  "iu",
);
/** Space and comments before a statement; none that could hold another, as comments nest. */
export const leading = /^(?:\s+|--[^\n\r]*[\n\r]|\/\*[^*/]*\*\/)*/;
/** What may follow a table's name and is no alias of it. */
const keywords = new Set([
  ...["set", "using", "where", "values", "select", "default", "overriding", "returning", "table", "with", "on", "when"],
]);

/** The write that a text begins with; null: it is none, or which table it changes cannot be told from its first words. */
export function plainWrite(text: string, analysis: SqlAnalysis, catalogue: Catalogue): PlainWrite | null {
  if (analysis.statements !== 1) return null;
  const own = text.replace(leading, "");
  const found = head.exec(own);
  if (found === null) return null;
  const [, verb = "", schema, table = "", alias] = found;
  const bare = bareName(table);
  const written = new Set(analysis.resources.filter(({ access }) => access === "write").map((each) => each.name));
  const tables = catalogue.relations.filter(
    (each) =>
      each.name === bare &&
      (schema === undefined || each.schema === bareName(schema)) &&
      written.has(`${each.schema}.${each.name}`),
  );
  if (tables.length !== 1) return null;
  const named = alias === undefined || keywords.has(alias.toLowerCase()) ? table : alias;
  const word = verb.split(/\s/)[0]!.toUpperCase() as PlainWrite["verb"];
  return { verb: word, relation: tables[0]!.id, called: named, appendable: appendable(own, word, catalogue) };
}

/** A comment, another statement or a RETURNING of its own would make the end mean something else. */
function appendable(text: string, verb: PlainWrite["verb"], { serverVersion }: Catalogue): boolean {
  if (verb === "MERGE" && serverVersion < 170_000) return false;
  return !/;|--|\/\*|\breturning\b|\bwith\b|\bu&|\\/i.test(text.replace(/[\s;]+$/, ""));
}

export function bareName(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}
