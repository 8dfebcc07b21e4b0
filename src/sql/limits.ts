/** What the analysis of one text may cost; beyond it the answer is "unknown". */
export interface SqlLimits {
  /** Length of a text in UTF-16 units. */
  readonly maxWhole: number;
  /** The same once very long literals are taken out. */
  readonly maxText: number;
  readonly maxTokens: number;
  /** Nesting of brackets and CASE. */
  readonly maxDepth: number;
  /** Tokens between two separators: a longer chain of operators ends the parser's stack. */
  readonly maxRun: number;
  /** Set operations and joins in one level. */
  readonly maxChain: number;
  /** Functions and views followed into each other. */
  readonly maxFollow: number;
  /** Parse tree nodes visited, bodies included. */
  readonly maxNodes: number;
}

export const defaultSqlLimits: SqlLimits = {
  maxWhole: 256 * 1024 * 1024,
  maxText: 16 * 1024 * 1024,
  maxTokens: 400_000,
  maxDepth: 200,
  maxRun: 3_000,
  maxChain: 400,
  maxFollow: 16,
  maxNodes: 4_000_000,
};
