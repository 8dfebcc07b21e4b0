import { z } from "zod";
import { type Answer, answerOf } from "../answer.js";
import { contextFor, maxNames } from "../cel/context.js";
import { compileExpression, type Expression } from "../cel/expression.js";
import type { Situation } from "../policy.js";
import { criterion } from "./criterion.js";
import { isUnreadable } from "./effects.js";

/** `cel: '"pii" in connection.labels && statement.relations.exists(r, r.like("public.*"))'`. */
export const cel = criterion({
  name: "cel",
  about: "situation",
  summary:
    "An expression of the Common Expression Language over `subject`, `connection`, `statement` and `time` (UTC) is true. It is type-checked when the document is saved and costs no more than what it reads is long. An error while it runs, and any statement that could not be read in full, answers unknown.",
  example: 'statement.relations.exists(r, r.like("audit.*")) && !("auditors" in subject.groups)',
  data: z.string("expected an expression in quotes").transform((text, ctx): Expression => {
    const compiled = compileExpression(text);
    if (typeof compiled !== "string") return compiled;
    ctx.issues.push({ code: "custom", message: `the expression ${compiled}`, input: text });
    return z.NEVER;
  }),
  test: testExpression,
  dependsOn: "shape",
  looksAt: ({ variables }) => ({
    // Without a statement in it, it can be asked when a connection is opened as well.
    about: variables.has("statement") ? "statement" : "clock",
    dependsOn: variables.has("time") ? ["shape", "clock"] : ["shape"],
  }),
  needs: ({ variables, attributes, needsCatalogue }) =>
    variables.has("statement")
      ? ["judge-statements", ...(needsCatalogue ? ["catalogue"] : []), ...attributes.map((name) => `attribute:${name}`)]
      : [],
  reasons: { yes: "expression-true", no: "expression-false", unknown: "expression-unknown" },
  explain: ({ text }) => `satisfies ${text}`,
});

function testExpression(expression: Expression, situation: Situation): Answer {
  if (expression.variables.has("statement") && !isWhole(expression, situation)) return "unknown";
  try {
    const answer: unknown = expression.run(contextFor(expression, situation));
    return typeof answer === "boolean" ? answerOf(answer) : "unknown";
  } catch {
    // A key that is not there, a value of another type: nobody can tell what the rule would have wanted.
    return "unknown";
  }
}

/** Whether what the expression reads of the statement is all there is, and is named for certain. */
function isWhole({ fields }: Expression, { analysis }: Situation): boolean {
  if (isUnreadable(analysis) || analysis.resources.length > maxNames) return false;
  return analysis.resources.every(
    ({ kind, name }) => !fields.has(`${kind}s`) || !name.split(".").some((part) => part === "?" || part === "*"),
  );
}
