import { type Access, type Effect, effects, type Resource } from "../../vocabulary/index.js";
import type { ColumnReference, ColumnUse, ResultColumn, SqlAnalysis } from "../analyser.js";
import type { CatalogueIndex } from "./catalogue-index.js";
import type { Collector, Origin } from "./column.js";
import { isSecretColumn } from "./system-relations.js";

/** Beyond this many relatives a column is given by name alone, for any relation in reach. */
const maxRelatives = 32;

/** Everything that is being learned of a text; becomes an analysis. */
export class Findings implements Collector {
  readonly effects = new Set<Effect>();
  readonly unknowns = new Set<string>();
  readonly reach = new Set<number>();
  readonly noWhere = new Set<string>();
  readonly utility = new Set<string>();
  readonly escapes = new Set<string>();
  readonly #resources = new Map<string, Resource>();
  readonly #columns = new Map<string, ColumnReference>();
  opaque = false;
  /** Something that cannot be read is set off and returns nothing: it may still raise messages. */
  opaqueText = false;
  /** Results may come that are not the statements' own: which column stands where cannot be told. */
  unplaced = false;
  /** Of each statement of the text, its result's columns by position. */
  readonly results: (readonly ResultColumn[] | null)[] = [];
  cursor: SqlAnalysis["cursor"] = undefined;
  declaresInside = false;
  callsBodies = false;
  copy: SqlAnalysis["copy"] = null;
  copyQuery: string | null = null;
  /** Something is copied to the client. */
  copiesOut = false;
  changesCatalogue = false;
  changesContext = false;
  changesMeanings = false;
  /** A literal's value had a say: the analysis is not that of another text with other literals. */
  literalsMatter = false;
  /** The texts of prepared statements had a say. */
  usesPrepared = false;

  constructor(readonly index: CatalogueIndex) {}

  add(origin: Origin, use: ColumnUse): void {
    const relation = origin.relation === null ? null : this.index.relation(origin.relation);
    if (relation === null) {
      this.#note(null, origin.name, use);
      this.resource("column", `?.?.${origin.name}`, use === "target" ? "write" : "read");
      return;
    }
    this.#note(relation.id, origin.name, use);
    if (isSecretColumn(relation, origin.name)) {
      this.effect("admin");
      this.escapes.add("credentials");
    }
    const access = use === "target" ? "write" : "read";
    const named = origin.name === "*" ? relation.columns.map((column) => column.name) : [origin.name];
    for (const name of named) this.resource("column", `${relation.schema}.${relation.name}.${name}`, access);
    const relatives = this.index.relatives(relation.id);
    if (relatives.length > maxRelatives) this.#note(null, origin.name, use);
    else for (const id of relatives) this.#noteRelative(id, origin.name, use);
  }

  columns(): readonly ColumnReference[] {
    return [...this.#columns.values()];
  }

  effect(...found: readonly Effect[]): void {
    for (const each of found) this.effects.add(each);
  }

  unknown(why: string): void {
    this.effects.add("unknown");
    this.unknowns.add(why);
  }

  resource(kind: Resource["kind"], name: string, access: Access): void {
    this.#resources.set(`${kind} ${access} ${name}`, { kind, name, access });
  }

  /** Takes over what a body that was followed has shown. `fixed`: nobody who uses it has a say in its conditions, as in a view's. */
  merge(other: Findings, fixed = false): void {
    this.effect(...other.effects);
    for (const why of other.unknowns) this.unknowns.add(why);
    for (const name of other.noWhere) this.noWhere.add(name);
    for (const name of other.utility) this.utility.add(name);
    for (const name of other.escapes) this.escapes.add(name);
    for (const [key, resource] of other.#resources) this.#resources.set(key, resource);
    for (const { relation, name, use } of other.#columns.values())
      this.#note(relation, name, fixed && use === "predicate" ? "presence" : use);
    this.changesCatalogue ||= other.changesCatalogue;
    this.changesMeanings ||= other.changesMeanings;
    this.mergeReach(other);
  }

  /** Takes over only where a body that is not the statement's own gets to: that of a trigger, a policy, a stored view. */
  mergeReach(other: Findings): void {
    for (const id of other.reach) this.reach.add(id);
    this.opaque ||= other.opaque;
    this.unplaced ||= other.unplaced;
    this.declaresInside ||= other.declaresInside;
    this.opaqueText ||= other.opaqueText;
    this.literalsMatter ||= other.literalsMatter;
    // What cannot be read may set the search path.
    this.changesContext ||= other.changesContext || other.unknowns.size > 0;
  }

  toAnalysis(shape: string, statements: number): SqlAnalysis {
    return {
      shape,
      effects: effects.filter((effect) => this.effects.has(effect)),
      resources: [...this.#resources.values()],
      attributes: {
        noWhere: [...this.noWhere].sort(),
        utility: [...this.utility].sort(),
        escapes: [...this.escapes].sort(),
      },
      unknowns: [...this.unknowns],
      reach: [...this.reach].sort((a, b) => a - b),
      columns: [...this.#columns.values()],
      results: this.unplaced ? [] : this.results,
      ...(this.callsBodies ? { callsBodies: true } : {}),
      ...(this.declaresInside ? { declaresInside: true } : {}),
      ...(this.cursor === undefined || statements !== 1 ? {} : { cursor: this.cursor }),
      opaque: this.opaque,
      opaqueText: this.opaqueText,
      copy: this.copy,
      copyQuery: this.copyQuery,
      changesCatalogue: this.changesCatalogue,
      changesContext: this.changesContext,
      changesMeanings: this.changesMeanings,
      statements,
    };
  }

  #noteRelative(id: number, name: string, use: ColumnUse): void {
    const relation = this.index.relation(id);
    if (relation === null) return;
    if (name === "*" || relation.columns.some((column) => column.name === name)) this.#note(id, name, use);
  }

  #note(relation: number | null, name: string, use: ColumnUse): void {
    this.#columns.set(`${relation ?? "?"} ${use} ${name}`, { relation, name, use });
  }
}
