import type { CatalogueRelation } from "../../vocabulary/index.js";
import { callById } from "./call.js";
import type { Column, FromItem, Origin } from "./column.js";
import { Findings } from "./findings.js";
import { readQuery } from "./query.js";
import { type Reading, UnreadableText } from "./reading.js";
import { nameRelation } from "./relation-name.js";
import { createScope } from "./scope.js";
import { keepsSecretApart, systemRelationShows } from "./system-relations.js";
import { type Tree, word } from "./tree.js";

/** A relation in FROM, read. */
export function readRelation(reading: Reading, range: Tree, alias: string): FromItem {
  const { findings } = reading;
  const named = nameRelation(reading.index, reading.path, word(range.schemaname), word(range.relname));
  const item = { alias, schema: alias === word(range.relname) ? schemaOf(named) : null, touched: false, carries: [] };
  if (named.kind === "known") {
    findings.resource("relation", `${named.relation.schema}.${named.relation.name}`, "read");
    reach(reading, named.relation);
    // A value of one of these types may be turned into another by a cast that is not written.
    for (const { typeId } of named.relation.columns) attached(reading, reading.index.typeCalls(typeId));
    const view = named.relation.kind === "view" || named.relation.kind === "materialized";
    return {
      ...item,
      relation: named.relation,
      columns: view ? viewColumns(reading, named.relation) : reading.index.columns(named.relation),
      open: "closed",
    };
  }
  findings.resource("relation", named.name, "read");
  if (named.kind === "system") {
    const shows = systemRelationShows(named.name);
    const [schema = "", name = ""] = named.name.split(".");
    const relation = reading.index.relationNamed(schema, name);
    if (shows === "configuration" || (shows === "credentials" && !keepsSecretApart(relation))) {
      findings.effect("admin");
      findings.escapes.add(shows === "credentials" ? "credentials" : "server_configuration");
    }
    if (shows !== null) findings.opaque = true;
    // Of those that show values the catalogue lists the columns; of the others no column does.
    if (shows !== null && relation !== null)
      return { ...item, relation: null, columns: reading.index.columns(relation), open: "closed", stored: true };
    const carries = shows === null ? [] : [{ relation: null, name: "*" }];
    return { ...item, relation: null, columns: [], open: "carried", carries };
  }
  missing(reading, named);
  return { ...item, relation: null, columns: [], open: "named" };
}

function schemaOf(named: ReturnType<typeof nameRelation>): string {
  return named.kind === "known" ? named.relation.schema : (named.name.split(".")[0] ?? "");
}

/** A relation that the catalogue does not have: a temporary one of this session, or one newer than the catalogue. */
export function missing(reading: Reading, named: { readonly name: string; readonly temporary: boolean }): void {
  reading.findings.opaque = true;
  if (!named.temporary) reading.findings.unknown(`the relation ${named.name} is not in the catalogue`);
}

/** Everything that reading a relation reaches beside itself. */
export function reach(reading: Reading, relation: CatalogueRelation): void {
  const { findings, index } = reading;
  if (findings.reach.has(relation.id)) return;
  findings.reach.add(relation.id);
  const relatives = index.relatives(relation.id);
  for (const id of relatives) findings.reach.add(id);
  for (const id of relation.reads) {
    const read = index.relation(id);
    if (read === null) findings.opaque = true;
    else reach(reading, read);
  }
  for (const id of [relation.id, ...relatives]) attached(reading, index.relation(id)?.calls ?? []);
}

/**
 * Functions that the owner of a relation attached to it: what they do is the relation's own business, not the statement's. What
 * they could show matters: in what the statement returns, and in the messages that they raise.
 */
export function attached(reading: Reading, ids: readonly number[], returns = true): void {
  for (const id of ids) {
    const findings = new Findings(reading.index);
    callById({ ...reading, findings }, id, { use: "computed", out: findings, argument: () => {} });
    if (!returns) {
      reading.findings.opaqueText ||= findings.opaque;
      findings.opaque = false;
    }
    reading.findings.mergeReach(findings);
  }
}

/** The columns of a view: its own, for which RowDescription answers, each carrying what its definition reads. */
function viewColumns(reading: Reading, view: CatalogueRelation): readonly Column[] {
  const { views } = reading.shared;
  const known = views.get(view.id);
  if (known !== undefined) return known;
  const own = (inner: (at: number) => readonly Origin[], followed: boolean): Column[] =>
    view.columns.map((column, at) => ({
      name: column.name,
      origins: [
        { relation: view.id, name: column.name, kind: "own", ...(followed ? { via: true } : {}) },
        ...inner(at),
      ],
      plain: false,
    }));
  const everything: Origin[] = view.reads.map((id) => ({ relation: id, name: "*" }));
  // While it is being read: a view that reads itself does not end otherwise.
  views.set(
    view.id,
    own(() => everything, false),
  );
  const defined = definedColumns(reading, view);
  const columns = own(defined ?? (() => everything), defined !== null);
  views.set(view.id, columns);
  return columns;
}

/** What the columns of its definition read, by position; null where that cannot be trusted. */
function definedColumns(reading: Reading, view: CatalogueRelation): ((at: number) => readonly Origin[]) | null {
  const { findings } = reading;
  if (view.definition === null || reading.depth >= reading.limits.maxFollow) {
    // Rules' reads are known even so; the functions that it calls are not.
    findings.opaque = true;
    return null;
  }
  const inner = new Findings(reading.index);
  let columns: readonly Column[];
  try {
    const statement = reading.parser.parse(view.definition)[0];
    if (statement === undefined) return null;
    columns = readQuery(
      { ...reading, findings: inner, path: reading.index.catalogue.searchPath, depth: reading.depth + 1 },
      statement.node,
      createScope(null),
    );
  } catch (thrown) {
    if (!(thrown instanceof UnreadableText)) throw thrown;
    findings.opaque = true;
    return null;
  }
  // A materialized view shows what was stored: nothing of its definition runs now.
  if (view.kind === "materialized") findings.mergeReach(inner);
  else findings.merge(inner, true);
  const reads = new Set(view.reads);
  const agrees = [...inner.reach].every((id) => reads.has(id) || isBelow(reading, reads, id));
  if (columns.length !== view.columns.length || !agrees || inner.opaque) return null;
  return (at) => columns[at]?.origins ?? [];
}

/** Reached through another view, or through inheritance. */
function isBelow(reading: Reading, roots: ReadonlySet<number>, id: number): boolean {
  const seen = new Set<number>(roots);
  const waiting = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const relation = reading.index.relation(next);
    if (relation === null) continue;
    for (const other of [...relation.reads, ...reading.index.relatives(next)]) {
      if (other === id) return true;
      if (seen.has(other)) continue;
      seen.add(other);
      waiting.push(other);
    }
  }
  return false;
}
