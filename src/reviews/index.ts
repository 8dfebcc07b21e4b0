export type { AccessRequest } from "./access-requests.js";
export { createReviews, type Reviews, type ReviewsOptions, type ReviewView } from "./create-reviews.js";
export * from "./desk.js";
export { reviewLimits } from "./limits.js";
export type { FindPeople, RequestTerms, ReviewEntry, ReviewRecorder } from "./ports.js";
export type {
  AccessWish,
  Ending,
  Party,
  Review,
  ReviewBody,
  ReviewComment,
  ReviewDecision,
  ReviewHead,
  ReviewKind,
  ReviewStateName,
} from "./review.js";
export { reviewKinds, reviewStates } from "./review.js";
export { reviewIdPattern } from "./review-id.js";
export type { GrantFilter, ReviewFilter, ReviewStore, StoredGrant } from "./store.js";
