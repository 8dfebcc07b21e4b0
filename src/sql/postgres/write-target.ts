import type { CatalogueRelation } from "../../vocabulary/index.js";
import type { FromItem } from "./column.js";
import type { Reading } from "./reading.js";
import { attached, missing, reach } from "./relation.js";
import { nameRelation } from "./relation-name.js";
import { type Tree, tree, word } from "./tree.js";

/** The relation that a statement changes, with everything that changing it sets off. */
export function writeTarget(reading: Reading, range: Tree, returns: boolean): FromItem {
  const { findings } = reading;
  const name = word(range.relname);
  const alias = word(tree(range.alias).aliasname);
  const item = { alias: alias || name, schema: null, carries: [], touched: false };
  const named = nameRelation(reading.index, reading.path, word(range.schemaname), name);
  const access = reading.planOnly ? "read" : "write";
  if (named.kind === "known") {
    const { relation } = named;
    const { opaque } = findings;
    // A writable view writes what it reads.
    for (const each of [relation, ...beneath(reading, relation)]) {
      findings.resource("relation", `${each.schema}.${each.name}`, access);
      reach(reading, each);
      for (const id of [each.id, ...reading.index.relatives(each.id)])
        attached(reading, reading.index.relation(id)?.triggers ?? [], returns);
      for (const { typeId } of each.columns) attached(reading, reading.index.typeCalls(typeId), returns);
    }
    if (!returns) {
      findings.opaqueText ||= findings.opaque;
      findings.opaque = opaque;
    }
    // Rules may answer with rows of their own.
    if (relation.kind !== "view" && relation.reads.length > 0) {
      findings.opaque = true;
      findings.unplaced = true;
    }
    return {
      ...item,
      schema: alias === "" ? relation.schema : null,
      relation,
      columns: reading.index.columns(relation),
      open: "closed",
    };
  }
  findings.resource("relation", named.name, access);
  if (named.kind === "system") {
    findings.effect("admin");
    findings.escapes.add("system_catalogue");
  } else missing(reading, named);
  return { ...item, relation: null, columns: [], open: "named" };
}

function beneath(reading: Reading, relation: CatalogueRelation): CatalogueRelation[] {
  const found = new Map<number, CatalogueRelation>();
  const waiting = relation.kind === "view" ? [...relation.reads] : [];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const next = reading.index.relation(id);
    if (next === null || found.has(id)) continue;
    found.set(id, next);
    if (next.kind === "view") waiting.push(...next.reads);
  }
  return [...found.values()];
}
