import type { ColumnMask, HoldTerms, Mask } from "../vocabulary/index.js";
import { durationText } from "./documents/duration.js";
import type { Exemption } from "./documents/exemption.js";
import type { Action, BudgetRule, MaskRule, Rule } from "./rule.js";
import { explainSelector } from "./selector.js";
import { joinAnd, joinOr } from "./words.js";

/** Whom a rule is read out to who may know of it only what it means for themselves on one connection. */
export interface Concerned {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly connection: string;
  /** Whether an exemption could be theirs. */
  exempts(who: Exemption["who"]): boolean;
}

/** One rule as a sentence: whole, or with nothing in it of other people, groups and connections. */
export function explainRule(rule: Rule, to: Concerned | null = null): string {
  return rule.mode === "shadow" ? `Only watching: ${sentenceOf(rule, to)}` : sentenceOf(rule, to);
}

function sentenceOf(rule: Rule, to: Concerned | null): string {
  const who = to?.subject ?? whoOf(rule);
  const where =
    to?.connection ?? (rule.where === null ? "every connection" : `connections ${explainSelector(rule.where, "")}`);
  // A login is written as it is.
  const first = to === null ? capital(who) : who;
  const when = explainSelector(rule.when, "");
  switch (rule.kind) {
    case "access":
      return `${first} may use ${where} with statements that do nothing but ${joinOr(rule.effects)}${when === "" ? "" : `, if it ${when}`}${rule.roles === null ? "" : `, as a user with the roles ${joinAnd(rule.roles)} at the target`}.`;
    case "guard":
      return `For ${who}, on ${where}: ${when === "" ? everything[rule.on ?? "both"] : `whatever ${when}`} ${explainAction(rule.action)}${rule.reason === null ? "" : ` (${rule.reason})`}.`;
    case "budget":
      return `For ${who}, on ${where}: at most ${rule.limit} ${measures[rule.measure]} in ${windows[rule.window]}${ownerOf(rule.of, to)}${when === "" ? "" : `, of whatever ${when}`}; then ${rule.action.kind === "warn" ? "a warning comes" : `everything more ${explainAction(rule.action)}`}.`;
    case "request":
      if (rule.reveals.length > 0)
        return `${first} may ask for the value behind a token of the purpose ${joinOr(rule.reveals)}${when === "" ? "" : `, if it ${when}`}; ${explainApprovals(rule.terms)}.`;
      return `${first} may ask for access to ${where} that does nothing but ${joinOr(rule.effects)}, for ${durationText(rule.maxMs)} at most${when === "" ? "" : `, if it ${when}`}; ${explainApprovals(rule.terms)}.`;
    case "mask":
      return `For ${who}, on ${where}: ${explainMasked(rule, to)}${when === "" ? "" : `, if it ${when}`}.`;
  }
}

const everything = {
  both: "everything, opening the connection too,",
  statements: "every statement",
  access: "opening the connection",
} as const;
const measures = {
  rows: "rows",
  bytes: "bytes",
  statements: "statements",
  subjects: "different people's data",
} as const;
const windows = { session: "a session", hour: "an hour", day: "a day" } as const;

function ownerOf(of: BudgetRule["of"], to: Concerned | null): string {
  if (of === "subject" || of === "everyone") return of === "subject" ? " each" : " together";
  const groups = to === null ? of.groups : of.groups.filter((group) => to.groups.includes(group));
  return ` for each of the groups ${joinAnd(groups)}`;
}

const whoOf = (rule: Rule): string =>
  rule.exceptEveryone ? "nobody" : `${explainSelector(rule.who, "everyone", ", ")}${exceptOf(rule)}`;

function explainAction(action: Action): string {
  switch (action.kind) {
    case "deny":
      return "is refused";
    case "challenge":
      return `needs a second factor answered in the last ${durationText(action.terms.freshMs)}`;
    case "hold":
      return `waits until ${explainApprovals(action.terms)}`;
  }
}

export function explainApprovals({ approvals, breakGlass }: HoldTerms): string {
  const people = approvals.map(({ count, groups }) => `${count} of ${joinOr(groups)}`);
  const glass = breakGlass.length === 0 ? "" : `; ${joinOr(breakGlass)} may go ahead without`;
  return `${joinAnd(people)} ${approvals.length === 1 && approvals[0]!.count === 1 ? "approves" : "approve"}${glass}`;
}

function explainMasked({ masks, scan, exempt: all }: MaskRule, to: Concerned | null): string {
  const exempt = to === null ? all : all.filter(({ who }) => to.exempts(who));
  const what: string[] = [];
  if (masks.length > 0) what.push(explainColumns(masks));
  if (scan !== null) {
    const found = [...scan.detect, ...scan.patterns.map(({ name }) => name)];
    what.push(`values that look like ${found.length > toldColumns ? `${found.length} kinds of data` : joinOr(found)}`);
  }
  const { mask } = masks[0] ?? scan!;
  const unless = exempt.length === 0 ? "" : `, unless ${exempt.map((one) => explainExemption(one, to)).join(", or ")}`;
  return `${joinAnd(what)} ${explainMask(mask)}${unless}`;
}

function explainExemption({ who, purpose, until, when }: Exemption, to: Concerned | null): string {
  return [
    to?.subject ?? explainSelector(who, "anybody", ", "),
    ...(purpose === undefined ? [] : [`for the purpose ${joinOr(purpose)}`]),
    ...(until === undefined ? [] : [`until ${new Date(until).toISOString()}`]),
    ...(when === undefined ? [] : [`if it ${explainSelector(when, "")}`]),
  ].join(" ");
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
    case "tokenize":
      return `show as pseudonyms for ${mask.purpose}`;
    case "null":
      return "show as NULL";
    case "fixed":
      return `show as ${JSON.stringify(mask.value)}`;
  }
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
