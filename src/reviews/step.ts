import { HoopError, type RuleId, type Subject } from "../vocabulary/index.js";
import type { Ending, Party, Review, ReviewDecision } from "./review.js";
import {
  isEscalated,
  isRequester,
  mayBreakGlass,
  mayReview,
  missingWords,
  type People,
  standingOf,
} from "./standing.js";

/** What can happen to a review. */
export type Act =
  | { readonly kind: "approve" | "deny" | "break-glass"; readonly by: Subject; readonly reason: string | null }
  | {
      readonly kind: "withdraw";
      readonly by: Party | null;
      readonly why: Extract<Ending, "withdrawn" | "cancelled" | "disconnected" | "superseded">;
    }
  /** The clock: expiry and escalation, whichever is due. */
  | { readonly kind: "tick" }
  /** Whether the approval still stands, looked at before it is used; a `use` itself is the store's. */
  | { readonly kind: "check" }
  /** Access that no rule wants anybody to approve. */
  | { readonly kind: "grant" };

/**
 * The state machine: pending → approved | denied | expired | withdrawn, approved → used | denied | expired. Pure: the same
 * review, act, people and time give the same next review; the very same object when nothing happens. The time is the store's.
 *
 * Throws HoopError: `denied` (this person may not), `conflict` (too late, or done already), `invalid` (a reason is missing).
 */
export function step(review: Review, act: Act, people: People, now: number): Review {
  switch (act.kind) {
    case "approve":
      return approve(review, act.by, act.reason, people, now);
    case "deny":
      return deny(review, act.by, act.reason, now);
    case "break-glass":
      return breakGlass(review, act.by, act.reason, people, now);
    case "withdraw":
      if (review.state !== "pending") throw over(review);
      if (act.by !== null && !isRequester(review, act.by.id))
        throw new HoopError("denied", "only who asked can withdraw a review");
      return ended(review, "withdrawn", act.why, act.by?.name ?? null, now);
    case "tick":
      return tick(review, now);
    case "check":
      if (review.state !== "approved" || standingOf(review, people, now).met) return review;
      return ended(review, "expired", "lapsed", null, now);
    case "grant":
      if (review.kind !== "access" || review.state !== "pending" || review.terms.length > 0) throw over(review);
      return approved(review, now);
  }
}

/** When the clock must be looked at next; null: never again. */
export function nextDue(review: Review): number | null {
  if (review.state === "approved") return review.kind === "access" ? null : review.useBy;
  if (review.state !== "pending") return null;
  const escalations = review.terms
    .filter(({ rule, escalate }) => escalate !== null && !review.escalated.includes(rule))
    .map(({ escalate }) => review.openedAt + escalate!.afterMs);
  return Math.min(review.expiresAt, ...escalations);
}

function approve(review: Review, by: Subject, reason: string | null, people: People, now: number): Review {
  checkReviewer(review, by, reason, now);
  if (review.state !== "pending" || now >= review.expiresAt) throw over(review);
  if (review.decisions.some((one) => one.by.id === by.id && one.verdict === "approve"))
    throw new HoopError(
      "conflict",
      `you have approved it already; still missing: ${missingWords(standingOf(review, people, now))}`,
    );
  return settled(withDecision(review, { by: party(by), verdict: "approve", reason, at: now }), people, now);
}

/** An approval that nobody has used yet can still be taken back by any reviewer: a denial always wins. */
function deny(review: Review, by: Subject, reason: string | null, now: number): Review {
  checkReviewer(review, by, reason, now);
  const open =
    review.state === "pending" ? now < review.expiresAt : review.state === "approved" && review.kind !== "access";
  if (!open) throw over(review);
  const decided = withDecision(review, { by: party(by), verdict: "deny", reason, at: now });
  return ended(decided, "denied", "denied", by.name, now);
}

function breakGlass(review: Review, by: Subject, reason: string | null, people: People, now: number): Review {
  if (!isRequester(review, by.id)) throw new HoopError("denied", "only who asked can break the glass");
  if (review.state !== "pending" || now >= review.expiresAt) throw over(review);
  if (!mayBreakGlass(review, by, people, now))
    throw new HoopError("denied", "the rules that hold this let you not go ahead without approval", {
      hint: `still missing: ${missingWords(standingOf(review, people, now))}`,
    });
  if (reason === null) throw new HoopError("invalid", "breaking the glass needs a reason");
  return settled(withDecision(review, { by: party(by), verdict: "break-glass", reason, at: now }), people, now);
}

function checkReviewer(review: Review, by: Subject, reason: string | null, now: number): void {
  if (isRequester(review, by.id)) throw new HoopError("denied", "nobody decides on what they asked for themselves");
  if (!mayReview(review, by, now))
    throw new HoopError("denied", "you are not among the people who decide on this review");
  if (reason === null && review.terms.some(({ reasonRequired }) => reasonRequired))
    throw new HoopError("invalid", "a rule asks for a reason with each decision on this review");
}

function settled(review: Review, people: People, now: number): Review {
  return standingOf(review, people, now).met ? approved(review, now) : review;
}

function approved(review: Review, now: number): Review {
  const useBy =
    review.kind === "access"
      ? now + (review.head.wish?.durationMs ?? 0)
      : now + Math.min(...review.terms.map(({ useWithinMs }) => useWithinMs));
  return { ...review, state: "approved", approvedAt: now, useBy };
}

function tick(review: Review, now: number): Review {
  if (review.state === "pending" && now >= review.expiresAt) return ended(review, "expired", "undecided", null, now);
  if (review.state === "approved" && review.kind !== "access" && review.useBy !== null && now >= review.useBy)
    return ended(review, "expired", "unused", null, now);
  if (review.state !== "pending") return review;
  const told: RuleId[] = review.terms
    .filter((terms) => isEscalated(review, terms, now) && !review.escalated.includes(terms.rule))
    .map(({ rule }) => rule);
  return told.length === 0 ? review : { ...review, escalated: [...review.escalated, ...told] };
}

function withDecision(review: Review, decision: ReviewDecision): Review {
  return { ...review, decisions: [...review.decisions.filter(({ by }) => by.id !== decision.by.id), decision] };
}

function ended(
  review: Review,
  state: "denied" | "expired" | "withdrawn",
  why: Ending,
  by: string | null,
  now: number,
): Review {
  return { ...review, state, endedAt: now, ending: { why, by } };
}

const party = ({ id, name }: Subject): Party => ({ id, name });

/** Why nothing can happen to it any more. */
function over(review: Review): HoopError {
  const words: Readonly<Record<Review["state"], string>> = {
    pending: "has expired",
    approved: "is approved already",
    denied: `was denied${review.ending?.by ? ` by ${review.ending.by}` : ""}`,
    expired: "has expired",
    withdrawn: "was withdrawn",
    used: "was approved and used",
  };
  return new HoopError("conflict", `review ${review.id} ${words[review.state]}`);
}
