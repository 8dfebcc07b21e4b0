import type { Bounds } from "./bounds.js";
import type { SubjectId } from "./ids.js";

/** Who is asking. */
export interface Subject {
  readonly id: SubjectId;
  readonly kind: "person" | "service" | "agent";
  /** The login name, unique; what recordings and refusals show. */
  readonly name: string;
  readonly email?: string | undefined;
  readonly groups: readonly string[];
  /** Ascends whenever a right of the subject changes (groups, disabled): an open lane with an older one is re-judged. */
  readonly version: number;
  /**
   * The person that a machine acts for now: it may do what both may, and the stricter word counts. Whoever answers a second factor
   * is `answerableFor`.
   */
  readonly onBehalfOf?: Subject | undefined;
  /** What the token at hand was bounded to; all of them count. Absent: nothing but the subject's own rights bounds it. */
  readonly bounds?: readonly Bounds[] | undefined;
}

/** The person who can be asked for a second factor: whoever a machine acts for, else the subject itself. */
export function answerableFor(subject: Subject): Subject {
  return subject.onBehalfOf ?? subject;
}

/** `claude-ci for ada`, for lists and sentences. */
export function nameWithPerson({ name, onBehalfOf }: Pick<Subject, "name" | "onBehalfOf">): string {
  return onBehalfOf === undefined ? name : `${name} for ${onBehalfOf.name}`;
}

/** The same token's holder with the rights that it has now. */
export function withRights(before: Subject, now: Subject): Subject {
  const { onBehalfOf, bounds } = before;
  return {
    ...now,
    ...(onBehalfOf === undefined ? null : { onBehalfOf }),
    ...(bounds === undefined ? null : { bounds }),
  };
}
