import type { CatalogueRelation } from "../../vocabulary/index.js";
import type { ColumnUse, SourceKind } from "../analyser.js";

/** Where a value comes from: a column of a relation by the catalogue's id; null where the relation is not known. */
export interface Origin {
  readonly relation: number | null;
  readonly name: string;
  /** How much of the column's value is in it; absent: it is made of it, somehow. */
  readonly kind?: Exclude<SourceKind, "made">;
  /** A view's column, of which is known what it is made of: those origins stand beside it. */
  readonly via?: true;
}

/** A column of something in FROM, or of a query's result. */
export interface Column {
  readonly name: string;
  readonly origins: readonly Origin[];
  /** It is its one origin unchanged, and the server's RowDescription says so. */
  readonly plain: boolean;
}

/** Takes the columns that an expression reads. */
export interface Collector {
  add(origin: Origin, use: ColumnUse): void;
}

/** A thing in FROM with a name. */
export interface FromItem {
  readonly alias: string;
  /** Schema of a relation that has no alias of its own: it can be qualified by it. */
  readonly schema: string | null;
  readonly relation: CatalogueRelation | null;
  readonly columns: readonly Column[];
  /**
   * Columns beyond those listed: `closed` has none, `named` may have any (then it is known by its name alone), `carried` may have any
   * and each is what the thing carries.
   */
  readonly open: "closed" | "named" | "carried";
  /** What its columns carry beside their own origins: those of the function or query that nobody could follow by column. */
  readonly carries: readonly Origin[];
  /** A relation of the system that has `tableoid` and its like beside the columns listed; of users' relations `relation` tells. */
  readonly stored?: boolean;
  /** A column of it was named since somebody reset this. */
  touched: boolean;
}

/** Keeps value origins; what decides or flows elsewhere goes on to `rest` at once. */
export class ValueCollector implements Collector {
  readonly #origins = new Map<string, Origin>();

  constructor(readonly rest: Collector) {}

  add(origin: Origin, use: ColumnUse): void {
    if (use === "output" || use === "computed") this.#origins.set(keyOf(origin), origin);
    else this.rest.add(origin, use);
  }

  origins(): Origin[] {
    return [...this.#origins.values()];
  }
}

/** Everything that these carry, each origin once: what nobody can tell apart by position or name. */
export function allOrigins(carriers: Iterable<{ readonly origins: readonly Origin[] }>): Origin[] {
  const origins = new Map<string, Origin>();
  for (const carrier of carriers) for (const origin of carrier.origins) origins.set(keyOf(origin), origin);
  return [...origins.values()];
}

/** Gives the columns on with another use: a value that leaves inside of an expression is computed. */
export function addAll(out: Collector, origins: readonly Origin[], use: ColumnUse): void {
  for (const origin of origins) out.add(origin, use === "output" ? "computed" : use);
}

function keyOf({ relation, name, kind, via }: Origin): string {
  return `${relation ?? "?"}.${name}.${kind ?? ""}${via ? "." : ""}`;
}

/** Of values that go through it nobody can say more than that they are in the result in some form. */
class Maker implements Collector {
  constructor(readonly inner: Collector) {}

  add(origin: Origin, use: ColumnUse): void {
    this.inner.add(madeOf(origin), use);
  }
}

/** A collector for the parts of an expression that makes something else of its values. */
export function making(out: Collector): Collector {
  return out instanceof Maker ? out : new Maker(out);
}

export function madeOf(origin: Origin): Origin {
  if (origin.kind === undefined) return origin;
  const { relation, name, via } = origin;
  return via ? { relation, name, via } : { relation, name };
}

/** What an aggregate that counts tells of its argument: how many values, or how many different ones. Of anything but a value, more. */
export function counting(out: Collector, kind: "presence" | "distinct"): Collector {
  return {
    add: (origin, use) => out.add(origin.kind === "own" ? { ...origin, kind } : madeOf(origin), use),
  };
}
