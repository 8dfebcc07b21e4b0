import { Link } from "@tanstack/react-router";
import type { ReviewSummary } from "../../api/review-types.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { VisibleText } from "../../ui/visible-text.js";
import { ReviewStateBadge } from "./review-state.js";
import { reviewTitle } from "./review-title.js";

/** One review in a list: who asks for what, and how far it is. */
export function ReviewCard({ review }: { review: ReviewSummary }) {
  const { id, requester, onBehalfOf, preview, missing, ending, openedAt } = review;
  return (
    <article className="card review-card" data-glass={review.breakGlass || undefined} aria-label={id}>
      <div className="row row-between">
        <Link to="/reviews/$review" params={{ review: id }} className="review-title">
          {requester.name}
          {onBehalfOf !== null && <span className="dim"> for {onBehalfOf.name}</span>} {reviewTitle(review)}
        </Link>
        <ReviewStateBadge review={review} />
      </div>
      <pre className="statement review-preview">
        <VisibleText text={preview} />
      </pre>
      <div className="row row-between small dim">
        <span>{missing === "" ? (ending ?? "") : `Missing: ${missing}`}</span>
        <span className="row">
          <span className="mono">{id}</span>
          <RelativeTime at={openedAt} past />
        </span>
      </div>
    </article>
  );
}
