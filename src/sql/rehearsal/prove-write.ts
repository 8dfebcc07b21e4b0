import type {
  Catalogue,
  CatalogueFunction,
  CatalogueRelation,
  PlainWrite,
  WriteCommand,
  WriteFacts,
  WriteProof,
} from "../../vocabulary/index.js";
import type { SqlAnalysis } from "../analyser.js";
import { isHarmlessVolatile } from "../postgres/system-functions.js";
import { escapesNames, label, lastingWord, mentionedIn, opaqueFunction, wordsOf } from "./mentioned.js";

/** Below this PostgreSQL gives ids to what is its own. */
const firstUserId = 16_384;
const all: readonly WriteCommand[] = ["insert", "update", "delete"];

/** A reason why it cannot be proved, on its way out. */
class Unproved extends Error {}

/**
 * Whether everything that a write sets off can be taken back by a rollback: its own words, the functions that it calls, and
 * those of triggers, defaults, checks, policies, views and types of whatever it changes, through foreign keys too. What cannot be
 * read, or is not known to be harmless, is not.
 */
export function proveWrite(
  text: string,
  write: PlainWrite,
  analysis: SqlAnalysis,
  catalogue: Catalogue,
  facts: WriteFacts,
): WriteProof {
  try {
    const walk = new Walk(catalogue, facts);
    walk.statement(text, write, analysis);
    return { provable: true, triggers: [...walk.triggers].sort(), cascades: [...walk.cascades].sort() };
  } catch (thrown) {
    if (thrown instanceof Unproved) return { provable: false, why: thrown.message };
    throw thrown;
  }
}

class Walk {
  readonly triggers = new Set<string>();
  readonly cascades = new Set<string>();
  readonly #catalogue: Catalogue;
  readonly #facts: WriteFacts;
  readonly #functions = new Set<number>();
  readonly #read = new Set<number>();
  readonly #written = new Set<string>();
  readonly #children = new Map<number, number[]>();

  constructor(catalogue: Catalogue, facts: WriteFacts) {
    this.#catalogue = catalogue;
    this.#facts = facts;
    for (const { id, parents } of catalogue.relations)
      for (const parent of parents) this.#children.set(parent, [...(this.#children.get(parent) ?? []), id]);
  }

  statement(text: string, write: PlainWrite, analysis: SqlAnalysis): void {
    const [unknown] = analysis.unknowns;
    if (unknown !== undefined) throw new Unproved(`not everything that it reaches is known: ${unknown}`);
    const effect = analysis.effects.find((each) => each !== "read" && each !== "write");
    if (effect !== undefined) throw new Unproved(`it does more than read and write rows (${effect})`);
    const { escapes } = analysis.attributes;
    if (Array.isArray(escapes) && escapes.length > 0) throw new Unproved(`it uses ${escapes.join(", ")}`);
    for (const id of analysis.reach) this.#relation(id);
    for (const { kind, name, access } of analysis.resources) {
      if (kind !== "relation" || access === "read") continue;
      const found = (wordsOf(this.#catalogue).relations.get(name.split(".").at(-1)!.toLowerCase()) ?? []).filter(
        (each) => `${each.schema}.${each.name}` === name,
      );
      if (found.length !== 1) throw new Unproved(`${name} is not in the catalogue as it was read`);
      const own = found[0]!.id === write.relation && !/\bwith\b/i.test(text);
      for (const command of own ? commandsOf(write, text) : all) this.#write(found[0]!.id, command, "");
    }
    this.#text(text, "the statement", false);
    for (const id of this.#catalogue.implicitCasts ?? []) this.#call(id, "a cast");
  }

  /** Words of a statement, a body or a definition. What a body mentions it may write. */
  #text(text: string, where: string, writes: boolean): void {
    if (escapesNames(text)) throw new Unproved(`${where} spells names with escapes`);
    const mentioned = mentionedIn(text, this.#catalogue);
    const lasting = lastingWord(mentioned, this.#catalogue, writes);
    if (lasting !== null) throw new Unproved(`${where} mentions ${lasting}, which a rollback may not take back`);
    for (const { id } of mentioned.functions) this.#call(id, where);
    for (const id of mentioned.calls) this.#call(id, where);
    if (!writes) return;
    for (const { id } of mentioned.relations) {
      this.#relation(id);
      for (const command of all) this.#write(id, command, where);
    }
  }

  #call(id: number, from: string): void {
    if (this.#functions.has(id)) return;
    this.#functions.add(id);
    const words = wordsOf(this.#catalogue);
    const fn = words.functionsById.get(id);
    if (fn === undefined) {
      if (id >= firstUserId) throw new Unproved(`${from} calls function ${id}, which is not in the catalogue`);
      const name = words.systemIds.get(id);
      if (name !== undefined && words.volatile.has(name) && !isHarmlessVolatile(name))
        throw new Unproved(`${from} calls ${name}, which a rollback may not take back`);
      return;
    }
    this.#body(fn);
  }

  #body(fn: CatalogueFunction): void {
    const opaque = opaqueFunction(fn);
    if (opaque !== null) throw new Unproved(opaque);
    for (const id of fn.calls ?? []) this.#call(id, label(fn));
    if (fn.body !== null) this.#text(fn.body, label(fn), true);
  }

  /** What is read or written: its policies, types, views' definitions. */
  #relation(id: number): void {
    if (this.#read.has(id)) return;
    this.#read.add(id);
    const found = wordsOf(this.#catalogue).relationsById.get(id);
    if (found === undefined) {
      if (id >= firstUserId) throw new Unproved(`relation ${id} is not in the catalogue as it was read`);
      return;
    }
    const name = nameOf(found);
    if (found.kind === "foreign") throw new Unproved(`${name} is a foreign table`);
    for (const next of [...found.reads, ...(this.#children.get(id) ?? [])]) this.#relation(next);
    for (const next of found.calls) this.#call(next, name);
    for (const { typeId } of found.columns)
      for (const next of wordsOf(this.#catalogue).typesById.get(typeId) ?? []) this.#call(next, name);
    if (found.definition !== null) this.#text(found.definition, name, false);
  }

  #write(id: number, command: WriteCommand, from: string): void {
    const key = `${id} ${command}`;
    if (this.#written.has(key)) return;
    this.#written.add(key);
    this.#relation(id);
    const found = wordsOf(this.#catalogue).relationsById.get(id);
    if (found === undefined) throw new Unproved(`relation ${id} cannot be written without more than a rollback`);
    const name = nameOf(found);
    // What a body merely mentions may be a variable as well: only a table is written.
    if (found.kind !== "table" && found.kind !== "partitioned") {
      if (from !== "") return;
      throw new Unproved(`${name} is a ${found.kind}, not a table`);
    }
    if (this.#facts.ruled.includes(id)) throw new Unproved(`${name} has a rewrite rule`);
    if (command === "insert" && this.#facts.sequenced.includes(id))
      throw new Unproved(`${name} takes numbers from a sequence, and a sequence does not give them back`);
    for (const trigger of this.#facts.triggers) {
      if (trigger.relation !== id || !trigger.on.includes(command)) continue;
      this.triggers.add(`${trigger.name} on ${name}`);
      for (const fn of [trigger.function, ...trigger.calls]) this.#call(fn, `trigger ${trigger.name}`);
    }
    // An update may move a row from one partition to another.
    if (found.kind === "partitioned" && command === "update") for (const each of all) this.#write(id, each, from);
    for (const next of this.#children.get(id) ?? []) this.#write(next, command, from);
    this.#cascade(id, command, from);
  }

  #cascade(id: number, command: WriteCommand, from: string): void {
    if (command === "insert") return;
    for (const key of this.#facts.foreignKeys) {
      const action = command === "delete" ? key.onDelete : key.onUpdate;
      if (key.to !== id || action === "refuse") continue;
      const to = wordsOf(this.#catalogue).relationsById.get(key.from);
      this.cascades.add(`${key.name}: ${words[action]} ${to === undefined ? `relation ${key.from}` : nameOf(to)}`);
      this.#write(key.from, command === "delete" && action === "cascade" ? "delete" : "update", from);
      if (action === "set-default") this.#write(key.from, "insert", from);
    }
  }
}

const words = {
  cascade: "follows in",
  "set-null": "empties a column of",
  "set-default": "resets a column of",
} as const;

function commandsOf({ verb }: PlainWrite, text: string): readonly WriteCommand[] {
  switch (verb) {
    case "MERGE":
      return all;
    case "INSERT":
      return /\bconflict\b/i.test(text) ? ["insert", "update"] : ["insert"];
    case "UPDATE":
      // SET a = DEFAULT takes a number from a sequence as an insert does.
      return /\bdefault\b/i.test(text) ? ["update", "insert"] : ["update"];
    case "DELETE":
      return ["delete"];
  }
}

function nameOf({ schema, name }: CatalogueRelation): string {
  return `${schema}.${name}`;
}
