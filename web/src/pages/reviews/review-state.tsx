import { Badge } from "@mantine/core";
import type { ReviewState, ReviewSummary } from "../../api/review-types.js";

const words: Readonly<Record<ReviewState, readonly [label: string, colour: string]>> = {
  pending: ["Waiting", "yellow"],
  approved: ["Approved", "green"],
  used: ["Approved and used", "green"],
  denied: ["Denied", "red"],
  expired: ["Expired", "gray"],
  withdrawn: ["Withdrawn", "gray"],
};

/** What became of it so far; what went ahead without approval is red wherever it is shown. */
export function ReviewStateBadge({ review }: { review: Pick<ReviewSummary, "state" | "breakGlass" | "escalated"> }) {
  const [label, colour] = words[review.state];
  return (
    <span className="row">
      {review.breakGlass ? (
        <Badge color="red" variant="filled">
          {review.state === "used" ? "Break-glass, used" : "Break-glass"}
        </Badge>
      ) : (
        <Badge color={colour} variant="light">
          {label}
        </Badge>
      )}
      {review.escalated && review.state === "pending" && (
        <Badge color="red" variant="light">
          Escalated
        </Badge>
      )}
    </span>
  );
}
