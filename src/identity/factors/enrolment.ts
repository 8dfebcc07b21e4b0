import type { StoredSubject } from "../store.js";
import type { EnrolmentPolicy } from "./store.js";

/** Whether somebody must have a second factor, and until when they may still do without. */
export type Obligation = { readonly required: false } | { readonly required: true; readonly deadline: Date };

export function obligationOf(
  policy: EnrolmentPolicy,
  subject: Pick<StoredSubject, "kind" | "groups" | "createdAt">,
): Obligation {
  if (policy.mode !== "required" || subject.kind !== "person") return { required: false };
  const meant = policy.groups.length === 0 || policy.groups.some((group) => subject.groups.includes(group));
  if (!meant) return { required: false };
  return {
    required: true,
    deadline: new Date(Math.max(policy.since.getTime(), subject.createdAt.getTime()) + policy.graceMs),
  };
}
