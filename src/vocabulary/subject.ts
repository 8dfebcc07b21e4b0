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
}
