import type { CriterionRow } from "./criteria.js";
import type { Figures } from "./figure.js";

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? "")].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const number = (value: number | null): string => {
  if (value === null) return "-";
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
};

/** A table a kind of figure: paths down, figures across, each cell the median and its ratio to `direct`. */
export function ladder(figures: Figures, paths: readonly string[]): string {
  const groups: [string, (name: string) => boolean][] = [
    ["pgbench -S, tps and ratio to direct", (name) => name.endsWith(" tps")],
    ["pgbench -S, median latency, µs", (name) => name.endsWith(" p50")],
    ["pgbench -S, 99th percentile, µs", (name) => name.endsWith(" p99")],
    ["bulk, MB/s or rows/s, and ratio to direct", (name) => /^(copy|select) /.test(name)],
    ["first row over a 20 ms path, ms", (name) => name.startsWith("first row")],
    ["one stalled reader with 1 GB pending", (name) => name.startsWith("stalled reader")],
  ];
  return groups
    .flatMap(([title, belongs]) => {
      const names = figures.names().filter(belongs);
      if (names.length === 0) return [];
      if (title.startsWith("one stalled") || title.startsWith("first row")) {
        const rows = names.flatMap((name) =>
          figures
            .paths(name)
            .map((path) => [`${name}: ${path}`, `${number(figures.median(name, path))} ${figures.unit(name)}`]),
        );
        return [`${title}\n${table(rows)}`];
      }
      const withRatio = title.includes("ratio");
      const body = paths
        .filter((path) => names.some((name) => figures.median(name, path) !== null))
        .map((path) => [
          path,
          ...names.map((name) => {
            const ratio = withRatio && path !== "direct" ? figures.ratio(name, path, "direct") : null;
            return number(figures.median(name, path)) + (ratio === null ? "" : ` (${ratio.toFixed(2)})`);
          }),
        ]);
      return [`${title}\n${table([["path", ...names.map((name) => name.replace(/ (tps|p50|p99)$/, ""))], ...body])}`];
    })
    .join("\n\n");
}

export function criteriaTable(rows: readonly CriterionRow[]): string {
  return table([
    ["criterion", "target", "measured", ""],
    ...rows.map(({ name, target, measured, verdict }) => [name, target, number(measured), verdict]),
  ]);
}
