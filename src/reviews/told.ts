import type { ReviewState } from "./desk.js";
import type { Review } from "./review.js";
import { missingWords, type People, standingOf } from "./standing.js";

/** What a waiting client hears of a review. */
export function reviewStateOf(review: Review, people: People, now: number): ReviewState {
  switch (review.state) {
    case "pending":
      return { state: "pending", missing: missingWords(standingOf(review, people, now)) };
    case "approved": {
      const glass = review.decisions.find(({ verdict }) => verdict === "break-glass");
      const by = review.decisions.filter(({ verdict }) => verdict === "approve").map(({ by: { name } }) => name);
      return {
        state: "approved",
        by: glass === undefined ? by : [glass.by.name],
        breakGlass: glass !== undefined,
        useBy: review.useBy ?? now,
      };
    }
    case "denied": {
      const denial = review.decisions.find(({ verdict }) => verdict === "deny");
      return { state: "denied", by: denial?.by.name ?? review.ending?.by ?? "", reason: denial?.reason ?? "" };
    }
    default:
      return { state: review.state };
  }
}
