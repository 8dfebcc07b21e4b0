import type { ColumnMask } from "../vocabulary/index.js";
import { canonicalJson } from "./canonical.js";
import type { PolicyDocument } from "./documents/index.js";
import { parseDocument, placeOf, problemAt } from "./parse-documents.js";
import { isRecord } from "./read-documents.js";
import { type GuardRule, type MaskRule, type Rule, ruleFrom } from "./rule.js";

interface Read {
  readonly document: PolicyDocument;
  readonly rule: Rule;
}

/** What is wrong with a set of documents although each of them is valid. */
export interface Conflicts {
  /** Each a reason to refuse. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Looks for rules that contradict each other or themselves. Only what concerns one of `changed` is told. */
export function conflictsOf(documents: readonly PolicyDocument[], changed: ReadonlySet<string>): Conflicts {
  const read: Read[] = [];
  for (const document of documents) {
    const rule = ruleFrom(parseDocument(document, placeOf(document)).parsed);
    if (rule) read.push({ document, rule });
  }
  const problems: string[] = [];
  for (const { document, rule } of read) {
    if (!changed.has(rule.id)) continue;
    const why = neverCounts(document, rule);
    if (why !== null) problems.push(problemAt(document, ["spec", ...why.path], why.text));
  }
  const masks = clashesOf(read, changed);
  return { problems: [...problems, ...masks.problems], warnings: masks.warnings };
}

/** Why a rule can never have any effect; null: it can. */
function neverCounts(document: PolicyDocument, rule: Rule): { path: readonly string[]; text: string } | null {
  if (rule.exceptEveryone) return { path: ["except"], text: "excepts everyone, so it never counts; use `mode: off`" };
  const { who, except } = document.spec;
  const clauses = (value: unknown) => (Array.isArray(value) ? value : [value]).map(canonicalJson);
  if (except !== undefined && who !== undefined && who !== "everyone") {
    const out = new Set(clauses(except));
    if (clauses(who).every((clause) => out.has(clause)))
      return { path: ["except"], text: "excepts all that `who` names, so it never counts" };
  }
  return rule.kind === "guard" ? neverCatches(document, rule) : null;
}

/** Criteria of a guard that exclude each other, in every clause. */
function neverCatches(document: PolicyDocument, rule: GuardRule): { path: readonly string[]; text: string } | null {
  if (rule.when === null) return null;
  const given = document.spec["when"];
  const raw = (Array.isArray(given) ? given : [given]) as readonly unknown[];
  const reasons = rule.when.map((clause, at) => {
    const about = new Set(clause.map((bound) => bound.about));
    const data: unknown = raw[at];
    const effects = isRecord(data) && isRecord(data["effects"]) ? data["effects"] : {};
    const one = (value: unknown): readonly unknown[] =>
      Array.isArray(value) ? value : value === undefined ? [] : [value];
    const opens = one(effects["any"]).includes("connect") || one(effects["only"]).includes("connect");
    if (rule.on === "access" && (about.has("estimate") || (about.has("statement") && !opens)))
      return "it is about access, and asks what only a statement has";
    const only = one(effects["only"]);
    const changes = ["write", "destroy", "unknown"].some((effect) => only.includes(effect));
    if (only.length > 0 && !changes && isRecord(data) && data["noWhere"] !== undefined)
      return `a DELETE or UPDATE without WHERE does more than ${only.join(", ")}`;
    return null;
  });
  return reasons.every((reason) => reason !== null) ? { path: ["when"], text: `can never match: ${reasons[0]}` } : null;
}

/** Masks of different methods for one pattern: where they count for the same people in the same place, nobody can say which. */
function clashesOf(read: readonly Read[], changed: ReadonlySet<string>): Conflicts {
  const problems: string[] = [];
  const warnings: string[] = [];
  const byPattern = new Map<string, { document: PolicyDocument; rule: MaskRule; mask: ColumnMask }[]>();
  for (const { document, rule } of read) {
    if (rule.kind !== "mask") continue;
    for (const mask of rule.masks) {
      const pattern = mask.pattern.toLowerCase();
      const others = byPattern.get(pattern) ?? [];
      byPattern.set(pattern, others);
      for (const other of others) {
        if (other.rule.id === rule.id || canonicalJson(other.mask.mask) === canonicalJson(mask.mask)) continue;
        if (other.rule.mode !== rule.mode || (!changed.has(rule.id) && !changed.has(other.rule.id))) continue;
        const about = `column ${pattern.replace(/^(\*\.)+/, "")} is masked by ${mask.mask.method} here and by ${other.mask.mask.method} in "${other.rule.id}" (${placeOf(other.document, ["spec", "columns"])})`;
        const shown = changed.has(rule.id) ? document : other.document;
        if (scopeOf(document) === scopeOf(other.document))
          problems.push(problemAt(shown, ["spec", "columns"], `${about}, for the same people and connections`));
        else if (!apart(document, other.document))
          warnings.push(
            problemAt(shown, ["spec", "columns"], `${about}; where both count, the one that shows least wins`),
          );
      }
      others.push({ document, rule, mask });
    }
  }
  return { problems, warnings };
}

const scopeOf = ({ spec: { who, except, where, when, exempt } }: PolicyDocument): string =>
  canonicalJson({
    who: who === "everyone" ? undefined : who,
    except,
    where: where === "everywhere" ? undefined : where,
    when,
    exempt,
  });

/** Whether one is for exactly those whom the other excepts. */
function apart(a: PolicyDocument, b: PolicyDocument): boolean {
  const excepts = (one: PolicyDocument, other: PolicyDocument) =>
    one.spec["except"] !== undefined && canonicalJson(one.spec["except"]) === canonicalJson(other.spec["who"] ?? null);
  return excepts(a, b) || excepts(b, a);
}
