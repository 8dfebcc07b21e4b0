import type { Analysis, ColumnMask, Mask } from "../vocabulary/index.js";
import { compileGlob, type Glob } from "./glob.js";

/** A column that a statement reads, and what would be shown instead of its values. */
export interface MaskedColumn {
  /** As the statement reaches it: `public.customers.email`, or `public.customers.*` where any of them may be meant. */
  readonly column: string;
  readonly rule: string;
  readonly mask: Mask;
}

const patterns = new Map<string, readonly Glob[]>();
const maxPatterns = 10_000;

/**
 * The columns among those that a statement reads that these masks are about, each with the first mask that matches: the most
 * specific, in the order of `masksFor`. A plan of masks knows more (views, expressions); this needs the analysis alone.
 */
export function maskedColumns(masks: readonly ColumnMask[], analysis: Analysis): readonly MaskedColumn[] {
  if (masks.length === 0) return [];
  const found: MaskedColumn[] = [];
  for (const { kind, name, access } of analysis.resources) {
    if (kind !== "column" || access !== "read") continue;
    const hit = masks.find(({ pattern }) => matches(pattern, name));
    if (hit && !found.some((one) => one.column === name)) found.push({ column: name, rule: hit.rule, mask: hit.mask });
  }
  return found;
}

/** Whether a mask's pattern is about a column; parts that are not known may be meant. */
export function matches(pattern: string, column: string): boolean {
  const globs = globsOf(pattern);
  const parts = ["?", "?", "?", ...column.split(".")].slice(-3);
  return globs.every((glob, at) => {
    const part = parts[at]!;
    return part === "?" || part === "*" || glob.matches(part.toLowerCase());
  });
}

function globsOf(pattern: string): readonly Glob[] {
  let globs = patterns.get(pattern);
  if (!globs) {
    globs = ["*", "*", "*", ...pattern.toLowerCase().split(".")].slice(-3).map(compileGlob);
    if (patterns.size >= maxPatterns) patterns.clear();
    patterns.set(pattern, globs);
  }
  return globs;
}
