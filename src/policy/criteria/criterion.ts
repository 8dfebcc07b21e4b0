import type { z } from "zod";
import type { Answer } from "../answer.js";
import type { Dependence, Situation } from "../policy.js";

/** What each kind of criterion may look at. */
export interface Views {
  readonly subject: Pick<Situation, "subject">;
  readonly connection: Pick<Situation, "connection">;
  readonly statement: Pick<Situation, "analysis">;
  readonly clock: Pick<Situation, "now">;
  readonly estimate: Pick<Situation, "estimate">;
  /** Everything; what of it is looked at, the data says. */
  readonly situation: Situation;
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
  /** Where what is looked at depends on the data: instead of `dependsOn`, and what it is about then. */
  readonly looksAt?: (data: Out) => { readonly about: About; readonly dependsOn: readonly Dependence[] };
  /** Capabilities of a protocol without which this criterion would never be told the truth; see `Demand`. */
  readonly needs?: readonly string[] | ((data: Out) => readonly string[]);
  /** Codes for machines, one an answer. */
  readonly reasons: Readonly<Record<Answer, string>>;
  /** A phrase that follows "it", "a subject that is" or "a connection that is". */
  readonly explain: (data: Out) => string;
  /** For the reason that people read: which words of the statement it met. */
  readonly found?: (data: Out, seen: Views[A]) => readonly string[];
}

/** A criterion with its data in place. */
export interface Bound {
  readonly criterion: Criterion;
  readonly data: unknown;
  readonly about: About;
  readonly dependsOn: readonly Dependence[];
  readonly needs: readonly string[];
  test(situation: Situation): Answer;
  explain(): string;
  found(situation: Situation): readonly string[];
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
      const looks = specification.looksAt?.(value) ?? { about, dependsOn: [dependsOn] };
      const { needs } = specification;
      return {
        criterion: made,
        data: value,
        ...looks,
        needs: typeof needs === "function" ? needs(value) : (needs ?? []),
        // A situation holds every view.
        test: (situation) => specification.test(value, situation as unknown as Views[A]),
        explain: () => specification.explain(value),
        found: (situation) => specification.found?.(value, situation as unknown as Views[A]) ?? [],
      };
    },
  };
  return made;
}
