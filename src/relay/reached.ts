import { createHash } from "node:crypto";
import type { SqlAnalysis } from "../sql/analyser.js";
import type { Catalogue, CatalogueFunction, CatalogueRelation } from "../vocabulary/index.js";

/** A catalogue by what it is asked for; made once for each version. */
interface Index {
  readonly relations: ReadonlyMap<number, CatalogueRelation>;
  readonly relationsByName: ReadonlyMap<string, CatalogueRelation>;
  readonly children: ReadonlyMap<number, readonly number[]>;
  readonly functions: ReadonlyMap<number, CatalogueFunction>;
  readonly functionsByName: ReadonlyMap<string, readonly CatalogueFunction[]>;
  /** Functions whose name is no single word, which no reading by words finds. */
  readonly odd: readonly number[];
}

const word = /^[\p{L}_][\p{L}\p{N}_$]*$/u;

const indexes = new WeakMap<Catalogue, Index>();

function indexOf(catalogue: Catalogue): Index {
  let index = indexes.get(catalogue);
  if (index === undefined) {
    const children = new Map<number, number[]>();
    for (const { id, parents } of catalogue.relations) for (const parent of parents) push(children, parent, id);
    const functionsByName = new Map<string, CatalogueFunction[]>();
    for (const fn of catalogue.functions) push(functionsByName, fn.name.toLowerCase(), fn);
    index = {
      relations: new Map(catalogue.relations.map((relation) => [relation.id, relation])),
      relationsByName: new Map(
        catalogue.relations.map((relation) => [`${relation.schema}.${relation.name}`, relation]),
      ),
      children,
      functions: new Map(catalogue.functions.map((fn) => [fn.id, fn])),
      functionsByName,
      odd: catalogue.functions.filter(({ name }) => !word.test(name)).map(({ id }) => id),
    };
    indexes.set(catalogue, index);
  }
  return index;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** Below this PostgreSQL gives ids to what is its own: such functions are part of the server's version. */
const firstUserId = 16_384;

/**
 * A digest of everything in the catalogue that decides what a statement does: what the analysis reached, and from there
 * triggers, defaults' and policies' functions, views and partitions. A function counts wherever its name is so much as mentioned:
 * one too many costs a second review, one too few would let an approval stand for something else.
 */
export function reachedDigest(
  text: string,
  analysis: SqlAnalysis,
  catalogue: Catalogue,
): { readonly digest: string; readonly unknown: readonly string[] } {
  const index = indexOf(catalogue);
  const relations = new Map<number, CatalogueRelation>();
  const functions = new Map<number, CatalogueFunction>();
  const absent = new Set<string>();
  const unknown = new Set<string>(analysis.unknowns);
  if (analysis.opaque && unknown.size === 0) unknown.add("something that it calls cannot be read");

  const relation = (id: number): void => {
    if (relations.has(id)) return;
    const found = index.relations.get(id);
    if (found === undefined) {
      if (id >= firstUserId) unknown.add(`relation ${id} is not in the catalogue as it was read`);
      return;
    }
    relations.set(id, found);
    for (const next of found.parents) relation(next);
    for (const next of found.reads) relation(next);
    for (const next of index.children.get(id) ?? []) relation(next);
    for (const next of found.triggers) routine(next);
    for (const next of found.calls) routine(next);
    if (found.definition !== null) mentioned(found.definition);
  };
  const routine = (id: number): void => {
    if (functions.has(id)) return;
    const found = index.functions.get(id);
    if (found === undefined) {
      if (id >= firstUserId) unknown.add(`function ${id} is not in the catalogue as it was read`);
      return;
    }
    functions.set(id, found);
    for (const next of found.calls ?? []) routine(next);
    if (found.body !== null) mentioned(found.body);
  };
  const mentioned = (body: string): void => {
    for (const [name] of body.matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu))
      for (const { id } of index.functionsByName.get(name.toLowerCase()) ?? []) routine(id);
  };

  for (const id of analysis.reach) relation(id);
  for (const { kind, name } of analysis.resources) {
    if (kind === "relation") {
      const found = index.relationsByName.get(name);
      // What is to be created is not there yet, and must not be there either when the approval is used.
      if (found === undefined) absent.add(name);
      else relation(found.id);
    } else if (kind === "function") mentioned(name);
  }
  mentioned(text);
  for (const id of index.odd) routine(id);
  // Operators and casts call without being named; users have few of them.
  for (const operator of catalogue.operators ?? []) routine(operator.function);
  for (const id of catalogue.implicitCasts ?? []) routine(id);
  for (const type of catalogue.types ?? []) for (const id of type.calls) routine(id);

  const hash = createHash("sha256");
  const byId = (a: { readonly id: number }, b: { readonly id: number }): number => a.id - b.id;
  hash.update(
    JSON.stringify([
      [...relations.values()].sort(byId),
      [...functions.values()].sort(byId),
      [...absent].sort(),
      ...[catalogue.operators ?? null, catalogue.implicitCasts ?? null, catalogue.types ?? null],
      ...[catalogue.serverVersion, catalogue.searchPath, catalogue.closedSchemas ?? null],
      ...[catalogue.role, catalogue.superuser],
    ]),
  );
  return { digest: hash.digest("hex"), unknown: [...unknown] };
}
