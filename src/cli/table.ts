import { printable } from "./output.js";

/** A column of a table for people. */
export interface Column<Row> {
  readonly title: string;
  value(row: Row): string | number | null | undefined;
}

/** Rows under titles, in columns as wide as they need; an empty list says so. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], none = "none"): string {
  if (rows.length === 0) return none;
  const cells = rows.map((row) =>
    columns.map((column) => printable(String(column.value(row) ?? "")).replaceAll(/[\n\t]+/g, " ")),
  );
  const titles = columns.map((column) => column.title.toUpperCase());
  const widths = titles.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [line(titles), ...cells.map(line)].join("\n");
}

/** `name: value` lines, the names aligned. */
export function facts(pairs: readonly (readonly [string, string | number | null | undefined])[]): string {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  const width = Math.max(...shown.map(([name]) => name.length)) + 1;
  // Further lines of a value are set in: none of them may pass for a fact of its own.
  const set = (value: string | number | null | undefined) =>
    printable(String(value)).replaceAll("\n", `\n${" ".repeat(width + 1)}`);
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width)} ${set(value)}`).join("\n");
}

/** `3 min ago`, `in 2 h`, from a time in ISO 8601. */
export function ago(time: string | null | undefined, now = Date.now()): string {
  if (!time) return "";
  const seconds = Math.round((now - Date.parse(time)) / 1000);
  if (!Number.isFinite(seconds)) return "";
  const [amount, unit] = scaled(Math.abs(seconds));
  return seconds < 0 ? `in ${amount} ${unit}` : seconds < 5 ? "now" : `${amount} ${unit} ago`;
}

function scaled(seconds: number): [number, string] {
  if (seconds < 120) return [seconds, "s"];
  if (seconds < 7_200) return [Math.round(seconds / 60), "min"];
  if (seconds < 172_800) return [Math.round(seconds / 3600), "h"];
  return [Math.round(seconds / 86_400), "days"];
}
