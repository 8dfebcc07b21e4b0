import { createHash } from "node:crypto";
import { HoopError, type Subject } from "../vocabulary/index.js";
import type { ReviewDesk } from "./desk.js";
import { headOf } from "./head.js";
import { partyOf } from "./journal.js";
import { reviewLimits } from "./limits.js";
import type { RevealTerms } from "./ports.js";
import type { RevealWish, Review } from "./review.js";
import { newReviewId } from "./review-id.js";
import { sameTerms } from "./same-terms.js";
import type { ActPorts } from "./take.js";

export interface RevealPorts extends ActPorts {
  readonly revealTerms: RevealTerms;
}

/** What may be asked for by nobody, in the words for what is not there: a request must not tell which purposes exist. */
export function notRevealable(purpose: string): HoopError {
  return new HoopError("denied", `no rule lets you ask for values of the purpose ${JSON.stringify(purpose)}`, {
    hint: "a policy document of kind `request` with `reveal` says who may ask, and who approves",
  });
}

/**
 * Opens a review for the value behind one token, or takes up the requester's own open one for just that. Throws HoopError
 * `invalid`, `denied` (policy names nobody who could approve), `limited`.
 */
export async function requestReveal(ports: RevealPorts, subject: Subject, wish: RevealWish): Promise<Review> {
  ports.journal.ready();
  const terms = ports.revealTerms(subject, wish.purpose) ?? [];
  if (terms.length === 0) throw notRevealable(wish.purpose);
  if (wish.reason === "" || wish.reason.length > reviewLimits.reason)
    throw new HoopError("invalid", "say in a few words why you need it");
  const body = { text: "", values: null, transaction: [] };
  const { review, made, superseded } = await ports.store.open({
    id: newReviewId(),
    kind: "reveal",
    requester: { ...partyOf(subject), kind: subject.kind },
    onBehalfOf: null,
    connections: [],
    session: null,
    statement: null,
    digest: digestOf(wish),
    terms,
    head: headOf(body, { database: null, role: null, analysis: null, reasons: [], wish: null, reveal: wish }),
    body,
  });
  if (superseded !== null) await ports.journal.review(superseded.state, null, superseded);
  await ports.journal.review(made ? "requested" : "taken-up", partyOf(subject), review);
  return review;
}

/**
 * Uses up an approval of just that matter for just that subject, under the rules of now. Exactly one caller ever gets true.
 *
 * @param matter What is about to be shown; not what the review says of itself.
 */
export async function useReveal(
  ports: RevealPorts,
  desk: ReviewDesk,
  id: string,
  subject: Subject,
  matter: string,
): Promise<boolean> {
  const review = (await ports.store.get(id))?.review;
  const wish = review?.head.reveal;
  if (review?.kind !== "reveal" || wish === undefined || review.requester.id !== subject.id) return false;
  if (wish.matter !== matter) return false;
  const terms = ports.revealTerms(subject, wish.purpose);
  if (terms === null || !sameTerms(terms, review.terms)) return false;
  return desk.consume(id, digestOf(wish));
}

/** Everything that reviewers see: another reason is another request. */
function digestOf({ matter, column, reason }: RevealWish): string {
  return createHash("sha256")
    .update(JSON.stringify(["hoop reveal v1", matter, column, reason]))
    .digest("hex");
}
