import type { Ask } from "../protocol/index.js";
import type { HoldTerms } from "../vocabulary/index.js";
import { type Refused, refused } from "./held-words.js";
import { maxReviewed, reviewedSize } from "./hold-request.js";
import { maxTrail, type SessionTrail } from "./session-trail.js";

/** Why something cannot be held where it stands; null: it can. */
export function cannotWait(ask: Ask, trail: SessionTrail, terms: readonly HoldTerms[]): Refused | null {
  return inTransaction(ask, trail, terms) ?? tooLong(ask, trail, terms);
}

function inTransaction({ context }: Ask, trail: SessionTrail, terms: readonly HoldTerms[]): Refused | null {
  if (context.transaction === "idle") return null;
  if (context.transaction === "failed")
    return refused(terms, "transaction-failed", "the transaction has failed: end it before something that is held");
  if (trail.overflowed)
    return refused(
      terms,
      "transaction-too-long",
      `nothing can be held in a transaction of more than ${maxTrail.statements} statements or ${maxTrail.characters / 1024} KiB`,
      "Roll back and run it outside of the transaction.",
    );
  if (trail.wrote && terms.some(({ inTransaction: how }) => how === "refuse"))
    return refused(
      terms.filter(({ inTransaction: how }) => how === "refuse"),
      "hold-in-transaction",
      "this waits for approval, and the open transaction has written or may hold locks, which others would wait for",
      "Roll back, have it approved outside of a transaction, or ask for a rule with inTransaction: wait.",
    );
  return null;
}

function tooLong(ask: Ask, trail: SessionTrail, terms: readonly HoldTerms[]): Refused | null {
  if (reviewedSize(ask, trail) <= maxReviewed) return null;
  return refused(
    terms,
    "too-long-to-review",
    `this waits for approval, and is longer than the ${maxReviewed / 1024} KiB that people can be shown`,
    "Load large data with COPY, or split it.",
  );
}
