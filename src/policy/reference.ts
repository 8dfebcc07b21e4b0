import { stringify } from "yaml";
import type { z } from "zod";
import type { About, Criterion } from "./criteria/criterion.js";
import { criteria } from "./criteria/index.js";
import { accessSpec } from "./documents/access.js";
import { budgetSpec } from "./documents/budget.js";
import { guardSpec } from "./documents/guard.js";
import { maskSpec } from "./documents/mask.js";
import { requestSpec } from "./documents/request.js";
import { testSpec } from "./documents/test.js";

const specs: readonly { kind: string; text: string; spec: { shape: Readonly<Record<string, z.ZodType>> } }[] = [
  {
    kind: "access",
    text: "Who may use which connections, with which effects. Nothing is allowed that no access document allows.",
    spec: accessSpec,
  },
  { kind: "guard", text: "What is refused, held or challenged whatever access documents allow.", spec: guardSpec },
  { kind: "mask", text: "Which columns and values are masked how, for whom and where.", spec: maskSpec },
  { kind: "budget", text: "How much may be used up, by whom, and what happens then.", spec: budgetSpec },
  { kind: "request", text: "Which access may be asked for, and who approves it.", spec: requestSpec },
  { kind: "test", text: "What must be so; run before policy is applied.", spec: testSpec },
];

const blocks: readonly { title: string; about: readonly About[] }[] = [
  { title: "Criteria for `who` and `except`", about: ["subject"] },
  { title: "Criteria for `where`", about: ["connection"] },
  { title: "Criteria for `when`", about: ["statement", "situation", "clock", "estimate"] },
];

/** The reference of every document kind and criterion as Markdown, made from the schemas themselves. */
export function policyReference(): string {
  return [
    "# Policy reference",
    "",
    "Made from the schemas of this version. [policy.md](policy.md) explains by task.",
    "",
    ...specs.flatMap(({ kind, text, spec }) => [`## kind: ${kind}`, "", text, "", ...fields(spec.shape), ""]),
    ...blocks.flatMap(({ title, about }) => [
      `## ${title}`,
      "",
      ...(criteria as readonly Criterion[]).filter((one) => about.includes(one.about)).flatMap(criterionText),
    ]),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

function fields(shape: Readonly<Record<string, z.ZodType>>): string[] {
  return [
    "| key of `spec` | needed | what it says |",
    "|---|---|---|",
    ...Object.entries(shape).map(([key, schema]) => {
      const needed = schema.safeParse(undefined).success ? "no" : "yes";
      return `| \`${key}\` | ${needed} | ${schema.description ?? ""} |`;
    }),
  ];
}

function criterionText(criterion: Criterion): string[] {
  const { name, summary, example, dependsOn, reasons } = criterion;
  const depends =
    dependsOn === "shape" ? "" : ` Depends on the ${dependsOn}, so decisions that look at it are not cached.`;
  return [
    `### ${name}`,
    "",
    `${summary}${depends}`,
    "",
    "```yaml",
    stringify({ [name]: example }, { collectionStyle: "any" }).trimEnd(),
    "```",
    "",
    `Reasons: \`${reasons.yes}\`, \`${reasons.no}\`, \`${reasons.unknown}\`.`,
    "",
  ];
}
