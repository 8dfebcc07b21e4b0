import type { Answer } from "../answer.js";
import type { Criterion } from "../criteria/criterion.js";
import type { Situation } from "../policy.js";
import { type StatementParts, situationOf } from "./situations.js";

/** What a criterion with this data, as a document would say it, answers. */
export function ask(criterion: Criterion, data: unknown, parts: Partial<Situation> & StatementParts = {}): Answer {
  return criterion.bind(criterion.data.parse(data)).test(situationOf(parts));
}

/** Why the criterion does not take this data; empty: it does. */
export function problemsOf(criterion: Criterion, data: unknown): string {
  const parsed = criterion.data.safeParse(data);
  return parsed.success ? "" : parsed.error.issues.map((issue) => issue.message).join("; ");
}
