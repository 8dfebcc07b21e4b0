import type { ColumnMask, Mask } from "../vocabulary/index.js";
import type { Rule } from "./rule.js";
import { explainSelector } from "./selector.js";
import { joinAnd, joinOr } from "./words.js";

/** One rule as a sentence. */
export function explainRule(rule: Rule): string {
  const who = rule.exceptEveryone ? "nobody" : `${explainSelector(rule.who, "everyone", ", ")}${exceptOf(rule)}`;
  const where = rule.where === null ? "every connection" : `connections ${explainSelector(rule.where, "")}`;
  const when = explainSelector(rule.when, "");
  switch (rule.kind) {
    case "access":
      return `${capital(who)} may use ${where} with statements that do nothing but ${joinOr(rule.effects)}${when === "" ? "" : `, if it ${when}`}.`;
    case "guard":
      return `For ${who}, on ${where}: ${when === "" ? "everything" : `whatever ${when}`} is refused${rule.reason === null ? "" : ` (${rule.reason})`}.`;
    case "mask":
      return `For ${who}, on ${where}: ${explainColumns(rule.masks)} ${explainMask(rule.masks[0]!.mask)}${when === "" ? "" : `, if it ${when}`}.`;
  }
}

const toldColumns = 6;

function explainColumns(masks: readonly ColumnMask[]): string {
  const patterns = masks.map((mask) => mask.pattern.replace(/^(\*\.)+/, ""));
  const more = patterns.length - toldColumns;
  return `columns ${more > 0 ? `${patterns.slice(0, toldColumns).join(", ")} and ${more} more` : joinAnd(patterns)}`;
}

function exceptOf(rule: Rule): string {
  return rule.except === null ? "" : ` except ${explainSelector(rule.except, "", ", ")}`;
}

function explainMask(mask: Mask): string {
  switch (mask.method) {
    case "redact":
      return "show as ***";
    case "partial":
      return `show their ends only (as ${mask.as ?? "text"})`;
    case "hash":
      return "show as a keyed hash";
    case "null":
      return "show as NULL";
    case "fixed":
      return `show as ${JSON.stringify(mask.value)}`;
  }
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
