import { z } from "zod";
import { type Answer, both, either } from "./answer.js";
import type { About, Bound, Criterion } from "./criteria/criterion.js";
import { criteria } from "./criteria/index.js";
import type { Looked } from "./looked.js";
import type { Dependence, Situation } from "./policy.js";
import { manyOf, strict } from "./schema.js";
import { joinAnd } from "./words.js";

/** All of these must hold; at least one criterion. */
export type Clause = readonly Bound[];

/** One of the clauses must hold. Null: nothing is asked, so everything matches. */
export type Selector = readonly Clause[] | null;

const all: readonly Criterion[] = criteria;

/**
 * The schema of a block: a mapping of criteria that must all hold, or a list of such mappings of which one must.
 * `word` (such as `everyone`) says in full that nothing is asked.
 */
export function selectorSchema(about: readonly About[], word: string | null): z.ZodType<Selector, unknown> {
  const mine = all.filter((criterion) => about.includes(criterion.about));
  const clause = strict(Object.fromEntries(mine.map((criterion) => [criterion.name, criterion.data.optional()])))
    .refine((data) => Object.values(data).some((value) => value !== undefined), {
      message:
        word === null
          ? "an empty mapping asks nothing; leave the key out"
          : `an empty mapping asks nothing; say \`${word}\``,
      // A mapping with nothing but a mistyped key has been told so.
      when: ({ issues }) => issues.length === 0,
    })
    .transform(
      (data): Clause =>
        mine.flatMap((criterion) => {
          const value = (data as Record<string, unknown>)[criterion.name];
          return value === undefined ? [] : [criterion.bind(value)];
        }),
    );
  const clauses = manyOf(clause);
  return z.unknown().transform((value, ctx): Selector => {
    if (word !== null && value === word) return null;
    const parsed = clauses.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      ctx.issues.push({ code: "custom", message: issue.message, path: issue.path, input: value });
    }
    return z.NEVER;
  });
}

/** What one criterion answers, with word of what it depends on. */
export function testBound(bound: Bound, situation: Situation, looked: Looked): Answer {
  for (const dependence of bound.dependsOn) looked.add(dependence);
  if (situation.estimate === undefined && bound.dependsOn.includes("estimate")) {
    looked.pending = true;
    return "unknown";
  }
  return bound.test(situation);
}

/** What one clause answers; criteria after a no are not looked at, so what they depend on does not count. */
function testClause(clause: Clause, situation: Situation, looked: Looked, only: About | null): Answer {
  let answer: Answer = "yes";
  for (const bound of clause) {
    if (only !== null && bound.about !== only) continue;
    answer = both(answer, testBound(bound, situation, looked));
    if (answer === "no") return "no";
  }
  return answer;
}

/** What a selector answers. `only`: criteria about anything else are taken to hold. */
export function testSelector(
  selector: Selector,
  situation: Situation,
  looked: Looked,
  only: About | null = null,
): Answer {
  if (selector === null) return "yes";
  let answer: Answer = "no";
  for (const clause of selector) {
    answer = either(answer, testClause(clause, situation, looked, only));
    if (answer === "yes") return "yes";
  }
  return answer;
}

export function dependencesOf(selector: Selector): ReadonlySet<Dependence> {
  return new Set((selector ?? []).flat().flatMap((bound) => bound.dependsOn));
}

/** What all of its criteria together need of a protocol. */
export function needsOf(selector: Selector): readonly string[] {
  return [...new Set((selector ?? []).flat().flatMap((bound) => bound.needs))];
}

/** `a or, b`: the clauses as a phrase; `otherwise` where nothing is asked. */
export function explainSelector(selector: Selector, otherwise: string, joiner = " and "): string {
  if (selector === null) return otherwise;
  return selector
    .map((clause) =>
      joiner === " and "
        ? joinAnd(clause.map((bound) => bound.explain()))
        : clause.map((bound) => bound.explain()).join(joiner),
    )
    .join(", or ");
}
