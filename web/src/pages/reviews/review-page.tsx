import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { reviewQuery } from "../../api/review-queries.js";
import type { Review } from "../../api/review-types.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";
import { Reasons } from "../../ui/reasons.js";
import { DecisionForm } from "./decision-form.js";
import { RehearsalView } from "./rehearsal-view.js";
import { RevealedValue } from "./revealed-value.js";
import { ReviewActions } from "./review-actions.js";
import { ReviewFacts } from "./review-facts.js";
import { ReviewText } from "./review-text.js";
import { reviewTitle } from "./review-title.js";
import { Talk } from "./talk.js";

const route = getRouteApi("/signed-in/shell/reviews/$review");

/** One review, with everything that somebody needs to decide on it. */
export function ReviewPage() {
  const { review: id } = route.useParams();
  const review = useQuery(reviewQuery(id));
  const found = review.data;
  return (
    <Page
      title={found === undefined ? "Review" : `${found.requester.name} ${reviewTitle(found)}`}
      intro={
        <Link className="text-link" to="/reviews">
          All reviews
        </Link>
      }
      actions={found !== undefined && <ReviewActions review={found} />}
    >
      <QueryView query={review}>
        {(shown) => (
          <>
            <Glass review={shown} />
            <ReviewFacts review={shown} />
            <RevealedValue key={`value of ${shown.id}`} review={shown} />
            <ReviewText review={shown} />
            {shown.reasons.length > 0 && (
              <section className="card" aria-label="Why it is held">
                <h2 className="section-title">Why it is held</h2>
                <Reasons reasons={shown.reasons} />
              </section>
            )}
            {shown.rehearsal !== null && <RehearsalView rehearsal={shown.rehearsal} />}
            {(shown.can.approve || shown.can.deny) && <DecisionForm key={shown.id} review={shown} />}
            <Talk review={shown} />
          </>
        )}
      </QueryView>
    </Page>
  );
}

/** That somebody went ahead alone is said before anything else. */
function Glass({ review }: { review: Review }) {
  const broken = review.decisions.find(({ verdict }) => verdict === "break-glass");
  if (broken === undefined) return null;
  return (
    <Alert color="red" variant="filled" title={`${broken.by.name} broke the glass`} role="alert">
      This went ahead without approval. The reason given: {broken.reason ?? "none"}
    </Alert>
  );
}
