import type { SqlContext } from "../analyser.js";
import type { SqlLimits } from "../limits.js";
import type { CatalogueIndex } from "./catalogue-index.js";
import type { Column, Origin } from "./column.js";
import type { Findings } from "./findings.js";

/** The parser, wherever it runs. Both throw `UnreadableText` for text that is not in the language; anything else is poison. */
export interface PostgresParser {
  /** Statements of a text, each a wrapped node, with the byte range of its text. */
  parse(text: string): readonly ParsedStatement[];
  /** The tree of `create function … language plpgsql`. */
  parsePlpgsql(text: string): unknown;
}

export interface ParsedStatement {
  readonly node: unknown;
  /** Offset and length in UTF-8 bytes. */
  readonly start: number;
  readonly length: number;
}

/** The text is not in the language; the message is the parser's own. */
export class UnreadableText extends Error {
  override readonly name = "UnreadableText";
}

/** What a followed body does, apart from its findings. */
export interface Followed {
  readonly findings: Findings;
  /** Columns whose values its result can carry. */
  readonly values: readonly Origin[];
  /** The same by the result's columns, where its last statement is a query; null: not known. */
  readonly columns: readonly (readonly Origin[])[] | null;
  /** It only reads: what it is given goes nowhere but into its result. */
  readonly contained: boolean;
}

/** One analysis under way. */
export interface Reading {
  readonly findings: Findings;
  readonly index: CatalogueIndex;
  readonly context: SqlContext;
  readonly path: readonly string[];
  readonly parser: PostgresParser;
  readonly limits: SqlLimits;
  /** Shared by the whole analysis, followed bodies included. */
  readonly shared: {
    nodes: number;
    readonly views: Map<number, readonly Column[]>;
    readonly functions: Map<number, Followed | "underway">;
    /** Functions of which what belongs to their types was called already, for the call under way. */
    readonly calling: Set<number>;
    /** A body called one that is being read: what is known of it holds only inside of that one. */
    cyclic: boolean;
    /** Prepared statements that this text has changed or is running: what the context says of them does not hold. */
    readonly prepared: Set<string>;
    /** A statement of this text changed what names mean. */
    renamed: boolean;
    /** The search path or the role changes while this text runs: bodies that run in it may mean other relations. */
    pathChanged: boolean;
  };
  /** How many bodies deep. */
  readonly depth: number;
  /** EXPLAIN without ANALYZE: the statement is planned, not run. */
  readonly planOnly: boolean;
}

/** Counts a visited node; too many make the text unknown rather than the worker overdue. */
export function visit(reading: Reading): void {
  reading.shared.nodes += 1;
  if (reading.shared.nodes > reading.limits.maxNodes) throw new UnreadableText("the statement is too large to be read");
}
