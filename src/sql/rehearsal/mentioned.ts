import type { Catalogue, CatalogueFunction, CatalogueRelation } from "../../vocabulary/index.js";
import { functionRule, isHarmlessVolatile } from "../postgres/system-functions.js";

/** A catalogue by the words that a text may hold. */
interface Words {
  readonly functions: ReadonlyMap<string, readonly CatalogueFunction[]>;
  readonly functionsById: ReadonlyMap<number, CatalogueFunction>;
  readonly relations: ReadonlyMap<string, readonly CatalogueRelation[]>;
  readonly relationsById: ReadonlyMap<number, CatalogueRelation>;
  readonly types: ReadonlyMap<string, readonly number[]>;
  readonly typesById: ReadonlyMap<number, readonly number[]>;
  readonly operators: readonly { readonly name: string; readonly function: number }[];
  readonly volatile: ReadonlySet<string>;
  /** Names that are no single word: they stand in quotes wherever they are meant. */
  readonly odd: readonly { readonly text: string; readonly word: string }[];
  readonly systemIds: ReadonlyMap<number, string>;
}

const made = new WeakMap<Catalogue, Words>();

export function wordsOf(catalogue: Catalogue): Words {
  let words = made.get(catalogue);
  if (words === undefined) {
    words = {
      functions: grouped(catalogue.functions),
      functionsById: new Map(catalogue.functions.map((each) => [each.id, each])),
      relations: grouped(catalogue.relations),
      relationsById: new Map(catalogue.relations.map((each) => [each.id, each])),
      types: new Map((catalogue.types ?? []).map((each) => [each.name.toLowerCase(), each.calls])),
      typesById: new Map((catalogue.types ?? []).map((each) => [each.id, each.calls])),
      operators: catalogue.operators ?? [],
      volatile: new Set(catalogue.systemFunctions.volatile),
      odd: [...catalogue.functions, ...catalogue.relations, ...(catalogue.types ?? [])]
        .filter(({ name }) => !/^[\p{L}_][\p{L}\p{N}_$]*$/u.test(name))
        .map(({ name }) => ({ text: name.replaceAll('"', '""').toLowerCase(), word: name.toLowerCase() })),
      systemIds: new Map((catalogue.systemFunctionIds ?? []).map(({ id, name }) => [id, name])),
    };
    made.set(catalogue, words);
  }
  return words;
}

function grouped<T extends { readonly name: string }>(list: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of list) {
    const word = each.name.toLowerCase();
    const group = groups.get(word);
    if (group === undefined) groups.set(word, [each]);
    else group.push(each);
  }
  return groups;
}

export interface Mentioned {
  readonly words: ReadonlySet<string>;
  readonly functions: readonly CatalogueFunction[];
  readonly relations: readonly CatalogueRelation[];
  /** Functions behind operators and types that it names, by id. */
  readonly calls: readonly number[];
}

/**
 * Everything of the catalogue whose name stands in a text, wherever it stands: in a comment or a literal as well. One too many
 * costs a rehearsal, one too few would let something run that cannot be taken back.
 */
export function mentionedIn(text: string, catalogue: Catalogue): Mentioned {
  const known = wordsOf(catalogue);
  const words = new Set([...text.matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu)].map(([word]) => word.toLowerCase()));
  if (known.odd.length > 0) {
    const lower = text.toLowerCase();
    for (const { text: name, word } of known.odd) if (lower.includes(name)) words.add(word);
  }
  const symbols = new Set([...text.matchAll(/[-+*/<>=~!@#%^&|`?]+/g)].map(([symbol]) => symbol));
  const functions: CatalogueFunction[] = [];
  const relations: CatalogueRelation[] = [];
  const calls: number[] = [];
  for (const word of words) {
    functions.push(...(known.functions.get(word) ?? []));
    relations.push(...(known.relations.get(word) ?? []));
    calls.push(...(known.types.get(word) ?? []));
  }
  // BETWEEN, IN, LIKE and sorting use operators without writing them: those of an equal or an order count always.
  for (const { name, function: id } of known.operators)
    if (/^(?:[<>]=?|=|<>|!?~~\*?)$/.test(name) || [...symbols].some((symbol) => symbol.includes(name))) calls.push(id);
  return { words, functions, relations, calls };
}

/** Names in `U&"…"` can be spelled so that nobody finds them. */
export const escapesNames = (text: string): boolean => /u&["']/i.test(text);

/** The first word that names something that no rollback takes back; null: there is none. In a `body`, also what would be a command there. */
export function lastingWord({ words }: Mentioned, catalogue: Catalogue, body: boolean): string | null {
  const { volatile } = wordsOf(catalogue);
  for (const word of words) {
    if ((body && lastingWords.has(word)) || functionRule(word) !== null) return word;
    if (volatile.has(word) && !isHarmlessVolatile(word)) return word;
  }
  return null;
}

/** Commands, and how a body would run a text that nobody can read. */
const lastingWords = new Set([
  ...["execute", "notify", "listen", "copy", "call", "commit", "rollback", "dblink", "prepare", "load", "vacuum"],
]);

/** Why a function that may run cannot be trusted to leave nothing behind; null: read its body, or nothing needs reading. */
export function opaqueFunction(fn: CatalogueFunction): string | null {
  if (fn.kind === "aggregate" || fn.kind === "window")
    return fn.calls === undefined ? `what ${label(fn)} is made of is not known` : null;
  if (fn.language === "sql" || fn.language === "plpgsql")
    return fn.body === null || fn.body.trim() === "" ? `the body of ${label(fn)} cannot be read` : null;
  // Only a superuser makes functions in C: what is declared to depend on nothing but its arguments is believed to.
  if ((fn.language === "c" || fn.language === "internal") && fn.volatility === "immutable") return null;
  return isHarmlessVolatile(fn.name) && fn.language === "c" ? null : `${label(fn)} is written in ${fn.language}`;
}

export const label = (fn: CatalogueFunction): string => `function ${fn.schema}.${fn.name}`;
