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
  /** Ids of the functions behind an operator outside the system schema; null: the catalogue does not list operators. */
  operatorFunctions(name: string): readonly number[] | null;
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
  const operators = catalogue.operators === undefined ? null : new Map<string, number[]>();
  for (const operator of catalogue.operators ?? [])
    push(operators as Map<string, number[]>, operator.name, operator.function);
  const columns = new Map<number, readonly Column[]>();

  return {
    catalogue,
    relation: (id) => relations.get(id) ?? null,
    relationNamed: (schema, name) => byName.get(`${schema}\u0000${name}`) ?? null,
    columns: (relation) => {
      let known = columns.get(relation.id);
      if (known === undefined) {
        known = relation.columns.map(({ name }) => ({ name, origins: [{ relation: relation.id, name }], plain: true }));
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
    operatorFunctions: (name) => (operators === null ? null : (operators.get(name) ?? [])),
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
