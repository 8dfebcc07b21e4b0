import { maskMethods } from "../vocabulary/index.js";
import type { Criterion } from "./criteria/criterion.js";
import { criteria } from "./criteria/index.js";
import { type Abilities, lacksOf, needsOfRule } from "./demands.js";
import { parseDocument } from "./parse-documents.js";
import { budgetMeasures } from "./policy.js";
import { ruleFrom } from "./rule.js";

/** A thing that rules can say, as the smallest document that says it. */
export interface GridRow {
  readonly group: string;
  readonly what: string;
  readonly document: { readonly kind: string; readonly spec: Readonly<Record<string, unknown>> };
  readonly needs: readonly string[];
}

export interface GridCell {
  readonly protocol: string;
  /** Empty: it is enforced. Else opening such a connection is refused while the rule is in force. */
  readonly lacks: readonly string[];
}

type Spec = Readonly<Record<string, unknown>>;

const approve = { approvals: { groups: "leads" } };
const hold = { action: "hold", hold: approve };
const challenge = { action: "challenge", challenge: { fresh: "15m" } };
const everyone = { who: "everyone", where: "everywhere" };

/** Everything that a rule can say, each with what it needs of a protocol. Read from the rules themselves. */
export function gridRows(): readonly GridRow[] {
  return [
    row("access", "effects that are known", "access", { ...everyone, effects: "read" }),
    row("access", "effects with `unknown`", "access", { ...everyone, effects: ["read", "unknown"] }),
    row("access", "`roles` at the target", "access", { ...everyone, effects: ["read", "unknown"], roles: "readonly" }),
    row("guard", "deny everything", "guard", { action: "deny" }),
    row("guard", "deny opening", "guard", { on: "access", action: "deny" }),
    row("guard", "deny statements", "guard", { when: { effects: { any: "write" } }, action: "deny" }),
    row("guard", "hold opening", "guard", { on: "access", ...hold }),
    row("guard", "hold statements", "guard", { on: "statements", ...hold }),
    row("guard", "hold with `rehearse`", "guard", {
      on: "statements",
      action: "hold",
      hold: { ...approve, rehearse: true },
    }),
    row("guard", "challenge opening", "guard", { on: "access", ...challenge }),
    row("guard", "challenge statements", "guard", { on: "statements", ...challenge }),
    ...maskMethods.map((method) =>
      row("mask", `\`${method}\``, "mask", { columns: "email", mask: { method, ...methodNeeds[method] } }),
    ),
    row("mask", "`detect` in values", "mask", { detect: "all", mask: { method: "redact" } }),
    ...budgetMeasures.map((measure) =>
      row("budget", `\`${measure}\``, "budget", {
        measure,
        limit: 1,
        per: "day",
        action: "stop",
        ...(measure === "subjects" ? { column: "customers.id" } : null),
      }),
    ),
    row("budget", "hold", "budget", { measure: "statements", limit: 1, per: "day", ...hold }),
    row("request", "access for a time", "request", { ...everyone, effects: "read", longest: "1h", approve }),
    ...(criteria as readonly Criterion[]).map(criterionRow),
  ];
}

const methodNeeds: Readonly<Record<string, Spec>> = { fixed: { value: "x" }, tokenize: { purpose: "test" } };

function criterionRow({ name, about, example }: Criterion): GridRow {
  const block = about === "subject" ? "who" : about === "connection" ? "where" : "when";
  // On an access document that asks for nothing else, so that what is shown is the criterion's own.
  const spec = { ...everyone, effects: ["unknown"], [block]: { [name]: example } };
  return row(`criterion in \`${block}\``, `\`${name}\``, "access", spec);
}

function row(group: string, what: string, kind: string, spec: Spec): GridRow {
  const document = { apiVersion: "hoop/v1", kind, metadata: { name: "grid" }, spec };
  const rule = ruleFrom(parseDocument(document, "the grid").parsed);
  return { group, what, document: { kind, spec }, needs: rule ? needsOfRule(rule) : [] };
}

/** How each protocol stands to a row. */
export function gridCells({ needs }: GridRow, protocols: readonly Abilities[]): readonly GridCell[] {
  return protocols.map((protocol) => ({ protocol: protocol.name, lacks: lacksOf(needs, protocol) }));
}

/** The grid as a page of the documentation. */
export function gridPage(protocols: readonly Abilities[]): string {
  const rows = gridRows().map((row) => {
    const cells = gridCells(row, protocols).map(({ lacks }) =>
      lacks.length === 0 ? "enforced" : `refused: ${lacks.map((need) => need.replaceAll("|", " or ")).join(", ")}`,
    );
    return `| ${[row.group, row.what, ...cells].join(" | ")} |`;
  });
  return [
    "# Capability grid",
    "",
    "Made from the protocols and the rules of this version. `enforced`: the rule has its effect on connections of that protocol.",
    "`refused`: the protocol lacks what is named, so the plan warns, and whoever the rule is about cannot open such a connection",
    "while it is in force. Nothing is passed over in silence. Rules in shadow mode refuse nothing.",
    "",
    "The criteria stand in a rule that asks for nothing else; a guard with them needs what its action needs as well.",
    "",
    `| | what a rule says | ${protocols.map(({ title }) => title).join(" | ")} |`,
    `|---|---|${protocols.map(() => "---|").join("")}`,
    ...rows,
    "",
  ].join("\n");
}
