import type { Ask } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";

/** What is prepared runs at its execution, which is judged by itself, with its values. */
export function runsNothing({ phase, text }: Ask, { statements, attributes }: SqlAnalysis): boolean {
  if (phase === "prepare") return true;
  const { utility } = attributes;
  const prepares = Array.isArray(utility) && utility.includes("prepare") && statements === 1;
  return prepares && /^\s*prepare\s+(?!transaction\b)/i.test(text);
}
