import type { HoldTerms, RuleId, Subject, SubjectId } from "../vocabulary/index.js";
import { type Unfilled, unfilled } from "./quorum.js";
import type { Party, Review } from "./review.js";

/** People as they are now, by id; who is disabled, removed or unknown is not in it. */
export type People = ReadonlyMap<SubjectId, Subject>;

/** How far a review has come. */
export interface Standing {
  /** Every rule is met, by approvals or by break-glass. */
  readonly met: boolean;
  /** By rule, what is missing. */
  readonly missing: readonly (Unfilled & { readonly rule: RuleId })[];
  /** Whose approvals count. */
  readonly counting: readonly Party[];
  /** Who approved and counts no more. */
  readonly lapsed: readonly Party[];
}

const inAny = (subject: Subject, groups: readonly string[]) => subject.groups.some((group) => groups.includes(group));

/** Whether the time has come for others to be told, and to decide as well. */
export function isEscalated(review: Pick<Review, "openedAt">, terms: HoldTerms, now: number): boolean {
  return terms.escalate !== null && now >= review.openedAt + terms.escalate.afterMs;
}

/** A rule's requirements at a time: once it has escalated, those groups may approve in place of any of the named ones. */
function requirementsAt(review: Pick<Review, "openedAt">, terms: HoldTerms, now: number) {
  if (!isEscalated(review, terms, now)) return terms.approvals;
  return terms.approvals.map(({ count, groups }) => ({ count, groups: [...groups, ...terms.escalate!.groups] }));
}

/** The groups whose members may decide at a time. */
export function reviewerGroups(review: Pick<Review, "openedAt" | "terms">, now: number): string[] {
  const groups = review.terms.flatMap((terms) => requirementsAt(review, terms, now).flatMap((one) => one.groups));
  return [...new Set(groups)].sort();
}

/** Whoever asked: the subject, and the person that a machine acts for. */
export function isRequester(review: Pick<Review, "requester" | "onBehalfOf">, id: SubjectId): boolean {
  return review.requester.id === id || review.onBehalfOf?.id === id;
}

/** Whether somebody may decide: a person of one of the groups, and not who asked. */
export function mayReview(
  review: Pick<Review, "requester" | "onBehalfOf" | "openedAt" | "terms">,
  subject: Subject,
  now: number,
): boolean {
  return subject.kind === "person" && !isRequester(review, subject.id) && inAny(subject, reviewerGroups(review, now));
}

/** Whether one rule lets this subject go ahead without approval. Only people break glass: a machine has no judgement to answer for. */
function mayBreak(review: Review, terms: HoldTerms, subject: Subject | undefined): boolean {
  return (
    subject !== undefined &&
    subject.kind === "person" &&
    isRequester(review, subject.id) &&
    inAny(subject, terms.breakGlass)
  );
}

/** Whether the requester could go ahead now: each rule that is not met yet must say so. */
export function mayBreakGlass(review: Review, subject: Subject, people: People, now: number): boolean {
  if (review.state !== "pending") return false;
  const { missing } = standingOf(review, people, now);
  const open = new Set(missing.map(({ rule }) => rule));
  return review.terms.filter(({ rule }) => open.has(rule)).every((terms) => mayBreak(review, terms, subject));
}

/**
 * Counts approvals by what people are now. For a review that was approved, escalation counts as it stood then.
 */
export function standingOf(review: Review, people: People, now: number): Standing {
  const at = review.approvedAt ?? now;
  const approvals = review.decisions.filter(({ verdict }) => verdict === "approve").map(({ by }) => by);
  const counts = (by: Party) => {
    const subject = people.get(by.id);
    return subject !== undefined && mayReview(review, subject, at);
  };
  const counting = approvals.filter(counts);
  const approvers = counting.map((by) => people.get(by.id)!);
  const glass = review.decisions.find(({ verdict }) => verdict === "break-glass");
  const missing = review.terms
    .filter((terms) => glass === undefined || !mayBreak(review, terms, people.get(glass.by.id)))
    .flatMap((terms) =>
      unfilled(requirementsAt(review, terms, at), approvers).map((open) => ({ ...open, rule: terms.rule })),
    );
  return {
    met: missing.length === 0 && review.terms.length > 0,
    missing,
    counting,
    lapsed: approvals.filter((by) => !counts(by)),
  };
}

/** What is missing, for people: `2 more approvals from dba, and 1 from security or legal`. */
export function missingWords(standing: Standing): string {
  const wanted = new Map<string, number>();
  // Two rules that want the same of the same groups are met by the same people.
  for (const { count, groups } of standing.missing) {
    const from = joinOr(groups);
    wanted.set(from, Math.max(wanted.get(from) ?? 0, count));
  }
  if (wanted.size === 0) return "nothing";
  const more = standing.counting.length > 0 ? " more" : "";
  return [...wanted]
    .map(
      ([from, count]) =>
        `${count}${more} ${count === 1 ? "approval" : "approvals"} from ${from || "nobody that a rule names"}`,
    )
    .join(", and ");
}

function joinOr(words: readonly string[]): string {
  const different = [...new Set(words)];
  const last = different.at(-1);
  return different.length < 2 ? (last ?? "") : `${different.slice(0, -1).join(", ")} or ${last}`;
}
