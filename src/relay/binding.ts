import { createHash, type Hash } from "node:crypto";
import type { Ask } from "../protocol/index.js";
import type { BindingDigest } from "../reviews/desk.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import type { Catalogue, Connection, HoldTerms, Subject } from "../vocabulary/index.js";
import { reachedDigest } from "./reached.js";
import type { SessionTrail } from "./session-trail.js";

export interface BindingInput {
  readonly subject: Subject;
  readonly connection: Connection;
  readonly ask: Ask;
  readonly analysis: SqlAnalysis;
  readonly catalogue: Catalogue;
  /** What is asked for is part of what was given: under other terms an approval is another. */
  readonly terms: readonly HoldTerms[];
  readonly trail: SessionTrail;
  /** Of this wait alone; part of the digest when not everything that is reached is known. */
  readonly nonce: string;
}

/** What an approval stands for. */
export interface Binding {
  readonly digest: BindingDigest;
  /** The same without the open transaction's earlier statements. */
  readonly core: BindingDigest;
  /** What is reached and not known, in words. Not empty: the digest is this wait's own and fits no other. */
  readonly unknown: readonly string[];
}

/** Binds an approval to the very statement, and to everything that decides what it does. */
export function bind(input: BindingInput): Binding {
  const { subject, connection, ask, analysis, catalogue, terms, trail, nonce } = input;
  const { context } = ask;
  const reached = reachedDigest(ask.text, analysis, catalogue);
  const hash = createHash("sha256");
  add(hash, "hoop binding 1");
  add(
    hash,
    subject.id,
    subject.onBehalfOf?.id ?? null,
    connection.id,
    connection.protocol,
    connection.host,
    connection.port,
    connection.agent,
  );
  add(hash, connection.target);
  add(hash, ask.phase === "connect" ? "connect" : "statement", ask.text);
  const reading = ask.reading?.();
  add(hash, reading === undefined ? null : Buffer.from(reading).toString("hex"));
  addValues(hash, ask.values);
  add(
    hash,
    context.database,
    context.role,
    context.searchPath,
    sorted(context.settings),
    sorted(context.ambient ?? {}),
  );
  // `EXECUTE` says nothing by itself: what it could run belongs to it.
  add(hash, [...(context.prepared ?? [])].sort(byName));
  add(hash, trail.contextDigest, reached.digest, terms.map(sortedDeep));
  if (reached.unknown.length > 0) add(hash, nonce);
  const core = hash.digest("hex");
  const digest = createHash("sha256");
  add(digest, core, context.transaction === "idle" ? null : trail.transactionDigest());
  return { digest: digest.digest("hex"), core, unknown: reached.unknown };
}

// JSON of a list: no value can be mistaken for two, or for its neighbour.
function add(hash: Hash, ...values: readonly unknown[]): void {
  hash.update(JSON.stringify(values)).update("\n");
}

function addValues(hash: Hash, values: Ask["values"]): void {
  add(hash, values?.length ?? null);
  for (const value of values ?? []) {
    add(hash, value?.length ?? null);
    if (value !== null) hash.update(value);
  }
}

function sorted(record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(record).sort(byName);
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

function sortedDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedDeep);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => [key, sortedDeep(part)]);
}
