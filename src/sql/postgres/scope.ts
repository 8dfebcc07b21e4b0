import { allOrigins, type Column, type FromItem, madeOf, type Origin } from "./column.js";
import type { Tree } from "./tree.js";

/** A query of WITH, read when it is first named. */
export interface CommonTable {
  columns(): readonly Column[];
  /** What it selects, where that is known, its columns have their own names, and it does not name itself. */
  readonly query?: Tree | undefined;
  /** What its query can see. */
  readonly within?: Scope | undefined;
}

/** The names that an expression can see. */
export interface Scope {
  readonly parent: Scope | null;
  readonly items: FromItem[];
  /** What a bare `*` stands for, in order; a column named `*` in it may be any number of columns. */
  readonly star: Column[];
  readonly tables: Map<string, CommonTable>;
  /** Columns that JOIN USING and NATURAL made one of several. */
  readonly merged: Set<string>;
  /** Variables that a body declares; not null inside of a body, where a name that no column has stands for a value. */
  readonly variables: ReadonlySet<string> | null;
}

export function createScope(parent: Scope | null, variables: ReadonlySet<string> | null = null): Scope {
  return {
    parent,
    items: [],
    star: [],
    tables: new Map(),
    merged: new Set(),
    variables: variables ?? parent?.variables ?? null,
  };
}

/** The same queries of WITH, nothing of FROM: what a subquery without LATERAL sees of its own level. */
export function withoutItems(scope: Scope): Scope {
  const { parent, tables, variables } = scope;
  return { parent, items: [], star: [], tables, merged: new Set(), variables };
}

export function findTable(scope: Scope | null, name: string): CommonTable | null {
  for (let level = scope; level !== null; level = level.parent) {
    const table = level.tables.get(name);
    if (table !== undefined) return table;
  }
  return null;
}

export function findItem(scope: Scope | null, alias: string, schema: string | null): FromItem | null {
  for (let level = scope; level !== null; level = level.parent) {
    for (const item of level.items)
      if (item.alias === alias && (schema === null || item.schema === schema)) return item;
  }
  return null;
}

const systemColumns = new Set(["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"]);

/** A column of one thing in FROM; null when it certainly has none of that name. */
export function columnOf(item: FromItem, name: string): Column | null {
  const own = item.columns.filter((column) => column.name === name);
  if (own.length > 0) {
    item.touched = true;
    if (own.length === 1 && own[0] !== undefined) return own[0];
    return { name, origins: allOrigins(own), plain: false };
  }
  if ((item.relation !== null || item.stored === true) && systemColumns.has(name)) {
    item.touched = true;
    return { name, origins: [], plain: false };
  }
  if (item.open === "closed") return null;
  item.touched = true;
  return {
    name,
    origins: item.open === "named" ? [{ relation: null, name }, ...item.carries] : item.carries,
    plain: false,
  };
}

/**
 * The column that a bare name means. Where more than one could be meant, all of them, as one that is not plain; null when no
 * level knows the name.
 */
export function findColumn(scope: Scope | null, name: string): Column | null {
  const maybe: Column[] = [];
  let open = false;
  for (let level = scope; level !== null; level = level.parent) {
    // A name that two of one level have is an error to the server: what lists it is what is meant.
    const sure = level.items.filter((item) => item.columns.some((column) => column.name === name));
    const found = (sure.length > 0 ? sure : level.items)
      .map((item) => columnOf(item, name))
      .filter((column) => column !== null);
    const first = found[0];
    if (first === undefined) continue;
    if (found.length === 1 && sure.length === 1 && !open && !level.merged.has(name)) return first;
    maybe.push(...found);
    open = true;
    // Only a thing whose columns nobody knows has answered: the name may as well belong to a level above.
    if (sure.length > 0) break;
  }
  return open ? { name, origins: allOrigins(maybe), plain: false } : null;
}

/** `t.*`: the columns of one thing in FROM, in order. */
export function starOf(item: FromItem): readonly Column[] {
  item.touched = true;
  if (item.open === "closed") return item.columns;
  const unlisted = item.open === "named" ? [...item.carries, { relation: null, name: "*" }] : item.carries;
  return [...item.columns, { name: "*", origins: unlisted, plain: false }];
}

/** Every column of one thing in FROM as one value. */
export function wholeRow(item: FromItem): Origin[] {
  item.touched = true;
  if (item.relation !== null && item.columns.every((column) => column.plain))
    return [{ relation: item.relation.id, name: "*" }, ...item.carries];
  const origins = allOrigins(item.columns).map(madeOf);
  if (item.open === "named") origins.push({ relation: null, name: "*" });
  return [...origins, ...item.carries];
}
