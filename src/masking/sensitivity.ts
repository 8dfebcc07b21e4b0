import type { Catalogue, CatalogueRelation, ColumnMask, Mask } from "../vocabulary/index.js";
import { echoesColumn, isHarmlessSystemId } from "./echoes.js";
import { compilePatterns, type FindMask, type RankedMask } from "./patterns.js";
import type { PlanInput, Planned } from "./plan.js";

/** What a catalogue holds that these masks are about. */
export interface Sensitivity {
  /** Some column of a user's relation is masked: what cannot be read may lead to it. */
  readonly any: boolean;
  /** Masks of base tables' columns by `<relation>.<number>`. */
  readonly columns: ReadonlyMap<string, Mask>;
  /** Base table whose own columns say where they come from. */
  isProven(relation: number): boolean;
  /** A relation that is not proven and has rows of others to show: a view, a foreign table. */
  isUnproven(relation: number): boolean;
  /** Whether the relation shows, or may show, what must be masked. What is not in the catalogue may. */
  shows(relation: number): boolean;
  /** The same for one column; `*` is all of them. */
  showsColumn(relation: number, column: string): boolean;
  /** Whether the catalogue lists such a column. */
  hasColumn(relation: number, column: string): boolean;
  /** The rule that masks a column of its own; null: none does, or it is not known to be one column. */
  ruleOf(relation: number, column: string): string | null;
  /** What masks one column of a relation, by a rule on it or as the system's own echo of values; null: nothing does. */
  maskOf(relation: number, column: string): RankedMask | null;
  /** All of them in a relation, by column. */
  masksIn(relation: number): ReadonlyMap<string, RankedMask>;
  /** The relation is one of the system's that the catalogue lists: which of its columns show values is known by their names. */
  isListedSystem(relation: number): boolean;
  /** The column's key on the wire, `<relation>.<number>`; null: the catalogue has no such column. */
  keyOf(relation: number, column: string): string | null;
  /** Types of users of which any text is a value. */
  readonly textTypes: ReadonlySet<number>;
  /** Relations of the system that show no user's values, by id. */
  readonly system: ReadonlySet<string>;
  /** Plans made already, by the very analysis that they are for. */
  readonly plans: WeakMap<PlanInput, Planned>;
}

const known = new WeakMap<readonly ColumnMask[], WeakMap<Catalogue, Sensitivity>>();

/** Looks at a whole catalogue once; kept as long as these very masks and this very catalogue live. */
export function sensitivityOf(catalogue: Catalogue, masks: readonly ColumnMask[]): Sensitivity {
  let byCatalogue = known.get(masks);
  if (!byCatalogue) {
    byCatalogue = new WeakMap();
    known.set(masks, byCatalogue);
  }
  let found = byCatalogue.get(catalogue);
  if (!found) {
    found = create(catalogue, masks);
    byCatalogue.set(catalogue, found);
  }
  return found;
}

function create(catalogue: Catalogue, masks: readonly ColumnMask[]): Sensitivity {
  const relations = new Map(catalogue.relations.map((relation) => [relation.id, relation]));
  const named = matchColumns(catalogue, compilePatterns(masks));
  const spread = spreadOverFamilies(catalogue, relations, named);
  const any = named.size > 0;
  addGenerated(catalogue, spread);
  addEchoes(catalogue, spread);
  const tainted = findTainted(catalogue, relations, spread, any);

  const columns = new Map<string, Mask>();
  for (const [id, masked] of spread) {
    const relation = relations.get(id)!;
    if (!isBase(relation)) continue;
    for (const { number, name } of relation.columns) {
      const mask = masked.get(name);
      if (mask) columns.set(`${id}.${number}`, mask.mask);
    }
  }

  const shows = (id: number) => {
    const relation = relations.get(id);
    if (!relation) return !isHarmlessSystemId(id);
    return spread.has(id) || tainted.has(id);
  };
  return {
    any,
    columns,
    plans: new WeakMap(),
    shows,
    isProven: (id) => {
      const relation = relations.get(id);
      return relation !== undefined && isBase(relation);
    },
    isUnproven: (id) => {
      const relation = relations.get(id);
      return relation === undefined ? !isHarmlessSystemId(id) : !isBase(relation) && relation.kind !== "sequence";
    },
    maskOf: (id, column) => spread.get(id)?.get(column) ?? null,
    masksIn: (id) => spread.get(id) ?? none,
    isListedSystem: (id) => systemSchema.test(relations.get(id)?.schema ?? ""),
    keyOf: (id, column) => {
      const found = relations.get(id)?.columns.find(({ name }) => name === column);
      return found === undefined ? null : `${id}.${found.number}`;
    },
    textTypes: new Set((catalogue.types ?? []).filter(({ text }) => text === true).map(({ id }) => id)),
    system: new Set((catalogue.systemRelations ?? []).filter((id) => !relations.has(id)).map(String)),
    hasColumn: (id, column) =>
      column === "*" || (relations.get(id)?.columns.some(({ name }) => name === column) ?? false),
    ruleOf: (id, column) => spread.get(id)?.get(column)?.rule ?? null,
    showsColumn: (id, column) => {
      const relation = relations.get(id);
      // A view's column may be made of any other, whatever it is called.
      if (!relation || tainted.has(id)) return shows(id);
      const masked = spread.get(id);
      return masked !== undefined && (column === "*" || masked.has(column));
    },
  };
}

const none: ReadonlyMap<string, RankedMask> = new Map();
const systemSchema = /^(?:pg_catalog|pg_toast|information_schema)$/;

const isBase = (relation: CatalogueRelation) => relation.kind === "table" || relation.kind === "partitioned";

/** Masks of one relation's columns, by exact column name. */
type MaskedColumns = Map<string, RankedMask>;

function matchColumns(catalogue: Catalogue, find: FindMask): Map<number, MaskedColumns> {
  const found = new Map<number, MaskedColumns>();
  for (const relation of catalogue.relations) {
    for (const { name } of relation.columns) {
      const mask = find(relation.schema, relation.name, name);
      if (mask) put(found, relation.id, name, mask);
    }
  }
  return found;
}

/**
 * A rule on a parent covers its partitions and children, and a rule on a child makes the parent's column show it: rows of
 * the one are read through the other. Names are the same by the rules of inheritance. The most specific rule wins.
 */
function spreadOverFamilies(
  catalogue: Catalogue,
  relations: ReadonlyMap<number, CatalogueRelation>,
  named: ReadonlyMap<number, MaskedColumns>,
): Map<number, MaskedColumns> {
  const children = new Map<number, number[]>();
  for (const relation of catalogue.relations) {
    for (const parent of relation.parents) {
      const list = children.get(parent);
      if (list) list.push(relation.id);
      else children.set(parent, [relation.id]);
    }
  }
  const down = spreadAlong(relations, named, (id) => children.get(id) ?? []);
  return spreadAlong(relations, down, (id) => relations.get(id)?.parents ?? []);
}

function spreadAlong(
  relations: ReadonlyMap<number, CatalogueRelation>,
  from: ReadonlyMap<number, MaskedColumns>,
  next: (id: number) => readonly number[],
): Map<number, MaskedColumns> {
  const all = new Map<number, MaskedColumns>();
  for (const [id, masked] of from) {
    for (const [name, mask] of masked) {
      const seen = new Set([id]);
      const waiting = [id];
      for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
        if (relations.get(at)?.columns.some((column) => column.name === name)) put(all, at, name, mask);
        for (const other of next(at)) {
          if (seen.has(other)) continue;
          seen.add(other);
          waiting.push(other);
        }
      }
    }
  }
  return all;
}

/** A generated column is made of masked ones: nobody masked it by name, so it is hidden whole. */
function addGenerated(catalogue: Catalogue, to: Map<number, MaskedColumns>): void {
  for (const { id, columns } of catalogue.relations) {
    const masked = to.get(id);
    if (masked === undefined) continue;
    const names = new Map(columns.map(({ number, name }) => [number, name]));
    for (const { name, madeOf = [] } of columns) {
      const of = madeOf.map((number) => masked.get(names.get(number) ?? "")).find((mask) => mask !== undefined);
      if (of !== undefined) put(to, id, name, { ...of, rank: Number.MAX_SAFE_INTEGER - 1, mask: { method: "redact" } });
    }
  }
}

function addEchoes(catalogue: Catalogue, to: Map<number, MaskedColumns>): void {
  const redact: RankedMask = { rank: Number.MAX_SAFE_INTEGER, mask: { method: "redact" }, rule: null };
  for (const { id, schema, name, columns } of catalogue.relations) {
    for (const column of columns) if (echoesColumn(schema, name, column.name)) put(to, id, column.name, redact);
  }
}

/** Relations that show others' rows, and among these what must be masked, or nobody can say that they do not. */
function findTainted(
  catalogue: Catalogue,
  relations: ReadonlyMap<number, CatalogueRelation>,
  masked: ReadonlyMap<number, MaskedColumns>,
  any: boolean,
): ReadonlySet<number> {
  const tainted = new Set<number>();
  for (const relation of catalogue.relations) {
    if (isBase(relation) || relation.kind === "sequence") continue;
    const own = masked.has(relation.id);
    const opaque = relation.kind === "foreign" || relation.kind === "other" || relation.definition === null;
    if (own || (any && opaque)) tainted.add(relation.id);
  }
  // Until nothing changes: views read views, in any order.
  const readers = new Map<number, number[]>();
  for (const relation of catalogue.relations) {
    for (const read of relation.reads) {
      const list = readers.get(read);
      if (list) list.push(relation.id);
      else readers.set(read, [relation.id]);
    }
  }
  const reached = new Set<number>();
  const waiting: number[] = [...tainted, ...masked.keys()];
  for (const id of readers.keys()) if (!relations.has(id) && any && !isHarmlessSystemId(id)) waiting.push(id);
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    const relation = relations.get(at);
    if (relation && !isBase(relation) && relation.kind !== "sequence") tainted.add(at);
    waiting.push(...(readers.get(at) ?? []));
  }
  return tainted;
}

function put(to: Map<number, MaskedColumns>, relation: number, column: string, mask: RankedMask): void {
  let masked = to.get(relation);
  if (!masked) {
    masked = new Map();
    to.set(relation, masked);
  }
  const before = masked.get(column);
  if (!before || mask.rank < before.rank) masked.set(column, mask);
}
