export { createReviews, type Reviews, type ReviewsOptions, type ReviewView } from "./create-reviews.js";
export * from "./desk.js";
export { reviewLimits } from "./limits.js";
export type { ReviewEntry } from "./ports.js";
export { notRevealable } from "./reveal-requests.js";
export { type RevealWish, type Review, type ReviewComment, type RunWish, reviewKinds, reviewStates } from "./review.js";
export { reviewIdPattern } from "./review-id.js";
export type { ReviewFilter, StoredGrant } from "./store.js";
