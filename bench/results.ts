import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { CriterionRow } from "./criteria.js";
import type { Figures } from "./figure.js";

/** Writes one run as JSON, a named row for each figure of each path. Answers the file. */
export function writeResults(
  figures: Figures,
  rows: readonly CriterionRow[],
  options: Readonly<Record<string, unknown>>,
): string {
  const at = new Date().toISOString();
  const folder = join("bench", "results");
  const file = join(folder, `${at.slice(0, 19).replaceAll(":", "-")}.json`);
  const result = {
    at,
    node: process.version,
    machine: { cores: cpus().length, model: cpus()[0]?.model ?? "unknown", memoryGb: Math.round(totalmem() / 2 ** 30) },
    options,
    figures: figures.names().flatMap((figure) =>
      figures.paths(figure).map((path) => ({
        name: `${figure}: ${path}`,
        figure,
        path,
        unit: figures.unit(figure),
        median: figures.median(figure, path),
        ratioToDirect: path === "direct" ? null : figures.ratio(figure, path, "direct"),
        rounds: figures.values(figure, path),
      })),
    ),
    criteria: rows,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}
