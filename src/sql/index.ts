import type { SqlAnalyser } from "./analyser.js";
import { AnalysisCache } from "./cache.js";
import { defaultSqlLimits, type SqlLimits } from "./limits.js";
import { ParserPool } from "./pool/parser-pool.js";
import { workerFile } from "./pool/worker-file.js";
import { replicationCommand } from "./replication.js";

export type { ColumnReference, ColumnUse, SqlAnalyser, SqlAnalysis, SqlContext } from "./analyser.js";
export { defaultSqlLimits, type SqlLimits } from "./limits.js";
export { isSafeEncoding } from "./settings.js";
export { showText } from "./show-text.js";
export { statementShape } from "./statement-shape.js";

export interface SqlAnalyserOptions {
  /** Worker threads that parse; 2 unless said otherwise. */
  readonly workers?: number;
  readonly limits?: Partial<SqlLimits>;
  /** How long one text may take, in milliseconds; 5,000 unless said otherwise. */
  readonly deadline?: number;
  /** Texts that may wait for a worker; 2,000 unless said otherwise. */
  readonly maxQueue?: number;
  /** Analyses that are kept, and their bytes; 20,000 and 64 MiB unless said otherwise. */
  readonly cache?: { readonly count?: number; readonly bytes?: number };
  /** The compiled worker, where it is not beside this file. */
  readonly workerFile?: URL;
}

/**
 * Analyses SQL of PostgreSQL: parsed in workers, remembered by text and shape. Throws `precondition-failed` when the worker is not
 * built; after that nothing throws.
 *
 * @example
 * const sql = createSqlAnalyser();
 * sql.analyse("delete from t", context, catalogue, (analysis) => analysis.attributes.noWhere); // ["delete"]
 */
export function createSqlAnalyser(options: SqlAnalyserOptions = {}): SqlAnalyser {
  const cache = new AnalysisCache({
    count: options.cache?.count ?? 20_000,
    bytes: options.cache?.bytes ?? 64 * 1024 * 1024,
  });
  const pool = new ParserPool({
    workers: options.workers ?? 2,
    limits: { ...defaultSqlLimits, ...options.limits },
    deadline: options.deadline ?? 5_000,
    startDeadline: 30_000,
    maxQueue: options.maxQueue ?? 2_000,
    maxQueuedText: 512 * 1024 * 1024,
    maxCatalogues: 8,
    workerFile: options.workerFile ?? workerFile(),
  });
  let hits = 0;
  let misses = 0;
  return {
    analyse: (text, context, catalogue, done) => {
      const command = context.replication === true ? replicationCommand(text) : null;
      if (command !== null) {
        done(command);
        return;
      }
      const known = cache.find(text, context, catalogue);
      if (known !== undefined) {
        hits += 1;
        done(known);
        return;
      }
      misses += 1;
      pool.analyse(text, context, catalogue, (found) => {
        cache.keep(text, context, catalogue, found);
        done(found.analysis);
      });
    },
    stats: () => ({ hits, misses, recycled: pool.recycled }),
    close: () => pool.close(),
  };
}
