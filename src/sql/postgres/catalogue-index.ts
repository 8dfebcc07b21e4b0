import type { Catalogue, CatalogueFunction, CatalogueRelation } from "../../vocabulary/index.js";
import type { Column } from "./column.js";

export type Volatility = "immutable" | "stable" | "volatile";

/** A catalogue made quick to ask. */
export interface CatalogueIndex {
  readonly catalogue: Catalogue;
  relation(id: number): CatalogueRelation | null;
  relationNamed(schema: string, name: string): CatalogueRelation | null;
  /** Its columns as it is named in FROM, each plain. */
  columns(relation: CatalogueRelation): readonly Column[];
  /** What it inherits from and what inherits from it, at any distance. */
  relatives(id: number): readonly number[];
  function(id: number): CatalogueFunction | null;
  functionsNamed(name: string): readonly CatalogueFunction[];
  /** Of a function of the system schema; the worst of its overloads. Null: there is none of that name. */
  systemVolatility(name: string): Volatility | null;
  /**
   * The columns that a function of one of the system's schemas gives in FROM; empty: one, named as the function or its alias. Null:
   * not known, or there is no such function.
   */
  systemFunctionColumns(schema: string, name: string): readonly string[] | null;
  /** Ids of the functions behind a user's operator, in any schema where that is ""; null: the catalogue does not list operators. */
  operatorFunctions(schema: string, name: string): readonly number[] | null;
  /** The name of a function of the system that is not immutable; null for any other. */
  systemName(id: number): string | null;
  /** Functions that run when a value becomes one of that type, by the type's id. */
  typeCalls(id: number): readonly number[];
  /** The same for every type that the name could mean; null: nobody knows such a type. */
  typeCallsNamed(name: string): readonly number[] | null;
}

const indexes = new WeakMap<Catalogue, CatalogueIndex>();

export function indexCatalogue(catalogue: Catalogue): CatalogueIndex {
  let index = indexes.get(catalogue);
  if (index === undefined) {
    index = createIndex(catalogue);
    indexes.set(catalogue, index);
  }
  return index;
}

function createIndex(catalogue: Catalogue): CatalogueIndex {
  const relations = new Map<number, CatalogueRelation>();
  const byName = new Map<string, CatalogueRelation>();
  const children = new Map<number, number[]>();
  for (const relation of catalogue.relations) {
    relations.set(relation.id, relation);
    byName.set(`${relation.schema}\u0000${relation.name}`, relation);
    for (const parent of relation.parents) push(children, parent, relation.id);
  }
  const functions = new Map<number, CatalogueFunction>();
  const functionsByName = new Map<string, CatalogueFunction[]>();
  for (const fn of catalogue.functions) {
    functions.set(fn.id, fn);
    push(functionsByName, fn.name, fn);
  }
  const volatility = new Map<string, Volatility>();
  for (const kind of ["immutable", "stable", "volatile"] as const)
    for (const name of catalogue.systemFunctions[kind]) volatility.set(name, kind);
  const given = new Map<string, readonly string[] | null>();
  for (const { schema, name, columns } of catalogue.systemFunctionColumns ?? [])
    given.set(`${schema}.${name}`, columns);
  const operators =
    catalogue.operators === undefined ? null : new Map<string, { schema: string; function: number }[]>();
  for (const operator of catalogue.operators ?? []) push(operators!, operator.name, operator);
  const systemNames = new Map((catalogue.systemFunctionIds ?? []).map(({ id, name }) => [id, name]));
  const typeCalls = new Map((catalogue.types ?? []).map(({ id, calls }) => [id, calls]));
  const typesByName = new Map<string, number[]>();
  for (const type of catalogue.types ?? []) push(typesByName, type.name, type.id);
  const systemTypes = new Set(catalogue.systemTypes);
  const rowTypes = new Set(catalogue.relations.map(({ name }) => name));
  const columns = new Map<number, readonly Column[]>();

  return {
    catalogue,
    relation: (id) => relations.get(id) ?? null,
    relationNamed: (schema, name) => byName.get(`${schema}\u0000${name}`) ?? null,
    columns: (relation) => {
      let known = columns.get(relation.id);
      if (known === undefined) {
        known = relation.columns.map(({ name }) => ({
          name,
          origins: [{ relation: relation.id, name, kind: "own" }],
          plain: true,
        }));
        columns.set(relation.id, known);
      }
      return known;
    },
    relatives: (id) => {
      const found = new Set<number>();
      climb(id, (each) => relations.get(each)?.parents ?? [], found);
      climb(id, (each) => children.get(each) ?? [], found);
      found.delete(id);
      return [...found];
    },
    function: (id) => functions.get(id) ?? null,
    functionsNamed: (name) => functionsByName.get(name) ?? [],
    systemVolatility: (name) => volatility.get(name) ?? null,
    systemFunctionColumns: (schema, name) => {
      if (catalogue.systemFunctionColumns === undefined) return null;
      const listed = given.get(`${schema}.${name}`);
      if (listed !== undefined) return listed;
      // Of the other schema no names are known.
      return schema === "pg_catalog" && volatility.has(name) ? [] : null;
    },
    operatorFunctions: (schema, name) => {
      if (operators === null) return null;
      const named = operators.get(name) ?? [];
      return named.filter((each) => schema === "" || each.schema === schema).map((each) => each.function);
    },
    systemName: (id) => systemNames.get(id) ?? null,
    typeCalls: (id) => typeCalls.get(id) ?? [],
    typeCallsNamed: (name) => {
      if (catalogue.types === undefined) return [];
      // `_name` is the array of `name`.
      const spellings = name.startsWith("_") ? [name, name.slice(1)] : [name];
      const ids = spellings.flatMap((spelling) => typesByName.get(spelling) ?? []);
      const known = ids.length > 0 || spellings.some((spelling) => systemTypes.has(spelling) || rowTypes.has(spelling));
      return known ? ids.flatMap((id) => typeCalls.get(id) ?? []) : null;
    },
  };
}

function climb(from: number, next: (id: number) => readonly number[], found: Set<number>): void {
  const waiting = [from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const other of next(id)) {
      if (found.has(other)) continue;
      found.add(other);
      waiting.push(other);
    }
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
