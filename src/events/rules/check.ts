import { suggestion } from "../../policy/closest.js";
import { typeOf } from "../catalogue/index.js";
import type { Action } from "./actions.js";
import { fieldsOf } from "./fields.js";
import type { ReactionSpec } from "./schema.js";
import { compileWhen } from "./when.js";

export interface Problem {
  /** Within `spec`. */
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** Events that carry what was read of a statement. */
const withStatement: ReadonlySet<string> = new Set(["statement.denied", "statement.held"]);

/** What of a specification, valid by itself, cannot be meant for the events that it names. */
export function problemsOf(spec: ReactionSpec): readonly Problem[] {
  const problems: Problem[] = [];
  if (spec.when !== undefined) {
    const when = compileWhen(spec.when, spec.on);
    if (typeof when === "string") problems.push({ path: ["when"], text: `the expression ${when}` });
  }
  const needs = (path: readonly PropertyKey[], what: string, has: (type: string) => boolean) => {
    const lacking = spec.on.find((type) => !has(type));
    if (lacking !== undefined) problems.push({ path, text: `needs ${what}, and events of type ${lacking} have none` });
  };
  const inSession = (type: string) => typeOf(type)!.sample.session !== null;
  if (spec.statement !== undefined) needs(["statement"], "a statement", (type) => withStatement.has(type));
  if (spec.where !== undefined) needs(["where"], "a connection", (type) => typeOf(type)!.sample.connection !== null);
  for (const [index, action] of spec.then.entries()) {
    const path = ["then", index, action.kind];
    if ("scope" in action.data && action.data.scope === "session") needs([...path, "scope"], "a session", inSession);
    if (action.kind === "openReview") needs(path, "a session", inSession);
    problems.push(...unknownFields(action, path, spec.on));
  }
  return problems;
}

function unknownFields(action: Action, path: readonly PropertyKey[], types: readonly string[]): readonly Problem[] {
  if (action.kind !== "run") return [];
  const known = fieldsOf(types);
  return Object.entries(action.data.with ?? {}).flatMap(([name, value]) =>
    typeof value !== "object" || known.includes(value.field)
      ? []
      : [
          {
            path: [...path, "with", name, "field"],
            text: `unknown field "${value.field.slice(0, 64)}" (${suggestion(value.field, known)})`,
          },
        ],
  );
}
