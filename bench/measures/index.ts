import type { Dataset } from "../dataset.js";
import type { Measure } from "../measure.js";
import type { BenchOptions } from "../options.js";
import { copyMeasure } from "./copy.js";
import { pgbenchMeasure } from "./pgbench.js";
import { rowsMeasure } from "./rows.js";
import { stalledReader } from "./stalled-reader.js";

/** Paths that change values on the way. */
export const maskedPaths: readonly string[] = ["hoop masked"];

/** All that a run measures in rounds. */
export function measuresOf(options: BenchOptions, { bytes }: Dataset): readonly Measure[] {
  const all: Measure[] = [
    ...options.modes.flatMap((mode) =>
      options.clients.map((clients) => pgbenchMeasure(mode, clients, options.seconds)),
    ),
    copyMeasure("copy 100 B", "rows_100", bytes.rows_100, maskedPaths),
    copyMeasure("copy 1 KB", "rows_1k", bytes.rows_1k, maskedPaths),
    rowsMeasure("select rows", "rows_100", options.selectRows, options.selectTimes),
    { ...stalledReader(options.seconds), only: ["3 pipes", "hoop"], maxRounds: options.quick ? 1 : 3 },
  ];
  return all.filter(({ name }) => options.measure === null || name.includes(options.measure));
}
