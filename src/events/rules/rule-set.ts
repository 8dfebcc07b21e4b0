import { HoopError } from "../../vocabulary/index.js";
import type { ReceiverSpec } from "../receivers/schema.js";
import type { StoredReactions } from "../store.js";
import { restraintKinds } from "./actions.js";
import { compileRule, type Rule } from "./compile.js";
import { parseStored } from "./parse.js";

/** One version of all rules and receivers, compiled. */
export interface RuleSet {
  readonly revision: number;
  /** Those that are not off. */
  readonly rules: readonly Rule[];
  readonly byType: ReadonlyMap<string, readonly Rule[]>;
  /** Those that act inside of sessions, and do so. */
  readonly reflexes: ReadonlyMap<string, readonly Rule[]>;
  readonly receivers: ReadonlyMap<string, ReceiverSpec>;
  /** Documents that this version cannot read, with why; they have no effect. */
  readonly problems: ReadonlyMap<string, string>;
}

export const noRules: RuleSet = {
  revision: -1,
  rules: [],
  byType: new Map(),
  reflexes: new Map(),
  receivers: new Map(),
  problems: new Map(),
};

/** Compiles what is stored. A document that cannot be read costs its own effect only, and is told. */
export function compileRules({ revision, documents }: StoredReactions): RuleSet {
  const rules: Rule[] = [];
  const receivers = new Map<string, ReceiverSpec>();
  const problems = new Map<string, string>();
  for (const [index, document] of documents.entries()) {
    const name = nameOf(document) ?? `document ${index + 1}`;
    try {
      const parsed = parseStored(document, "stored reactions");
      if (parsed.kind === "receiver") receivers.set(name, parsed.spec);
      else if (parsed.spec.mode !== "off") rules.push(compileRule(parsed));
    } catch (error) {
      problems.set(name, error instanceof HoopError ? error.message : "it cannot be read");
    }
  }
  const acting = rules.filter(
    ({ mode, actions }) => mode === "enforce" && actions.some(({ kind }) => restraintKinds.has(kind)),
  );
  return { revision, rules, byType: indexed(rules), reflexes: indexed(acting), receivers, problems };
}

function indexed(rules: readonly Rule[]): ReadonlyMap<string, readonly Rule[]> {
  const index = new Map<string, Rule[]>();
  for (const rule of rules) for (const type of rule.types) index.set(type, [...(index.get(type) ?? []), rule]);
  return index;
}

function nameOf(document: unknown): string | undefined {
  const metadata = (document as { readonly metadata?: { readonly name?: unknown } } | null)?.metadata;
  return typeof metadata?.name === "string" ? metadata.name : undefined;
}
