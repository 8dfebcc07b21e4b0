import type { z } from "zod";
import type { Answer } from "../answer.js";
import type { Dependence, Situation } from "../policy.js";

/** What each kind of criterion may look at. */
export interface Views {
  readonly subject: Pick<Situation, "subject">;
  readonly connection: Pick<Situation, "connection">;
  readonly statement: Pick<Situation, "analysis">;
  readonly clock: Pick<Situation, "now">;
}

export type About = keyof Views;

interface Specification<Name extends string, A extends About, Out> {
  readonly name: Name;
  /** Which block of a rule it belongs to: `who` (subject), `where` (connection), `when` (statement, clock). */
  readonly about: A;
  /** For the reference: one sentence. */
  readonly summary: string;
  /** For the reference: a value, as a document would say it. A test checks that it is valid. */
  readonly example: unknown;
  readonly data: z.ZodType<Out, unknown>;
  readonly test: (data: Out, seen: Views[A]) => Answer;
  readonly dependsOn: Dependence;
  /** Codes for machines, one an answer. */
  readonly reasons: Readonly<Record<Answer, string>>;
  /** A phrase that follows "it", "a subject that is" or "a connection that is". */
  readonly explain: (data: Out) => string;
}

/** A criterion with its data in place. */
export interface Bound {
  readonly criterion: Criterion;
  test(situation: Situation): Answer;
  explain(): string;
}

export interface Criterion<Name extends string = string> {
  readonly name: Name;
  readonly about: About;
  readonly summary: string;
  readonly example: unknown;
  readonly data: z.ZodType;
  readonly dependsOn: Dependence;
  readonly reasons: Readonly<Record<Answer, string>>;
  /** `data` is what the criterion's own schema gave. */
  bind(data: unknown): Bound;
}

/**
 * One criterion: one file, one test, one pair of reasons. Its types are checked here and erased on the way out, so that
 * a rule holds any of them.
 */
export function criterion<const Name extends string, A extends About, Out>(
  specification: Specification<Name, A, Out>,
): Criterion<Name> {
  const { name, about, summary, example, data, dependsOn, reasons } = specification;
  const made: Criterion<Name> = {
    name,
    about,
    summary,
    example,
    data,
    dependsOn,
    reasons,
    bind(bound) {
      const value = bound as Out;
      return {
        criterion: made,
        // A situation holds every view.
        test: (situation) => specification.test(value, situation as unknown as Views[A]),
        explain: () => specification.explain(value),
      };
    },
  };
  return made;
}
