import type { WithdrawReason } from "../protocol/index.js";
import type { ReviewState } from "../reviews/desk.js";
import type { ChallengeTerms, HoldTerms, Reason, RuleId } from "../vocabulary/index.js";

const rulesOf = (terms: readonly { readonly rule: RuleId }[]): string =>
  [...new Set(terms.map(({ rule }) => `"${rule}"`))].join(", ");

const firstRule = (terms: readonly { readonly rule: RuleId }[]): RuleId | null => terms[0]?.rule ?? null;

export function holdText(terms: readonly HoldTerms[], missing: string): string {
  return `held by rule ${rulesOf(terms)}: waiting for ${missing}`;
}

export function challengeText(terms: readonly ChallengeTerms[], id: string): string {
  return `rule ${rulesOf(terms)} asks for your second factor: run "hoop mfa ${id}" or answer at`;
}

/** Why what was held does not run after all, in words and with what to do about it. */
export interface Refused {
  readonly reasons: readonly Reason[];
  readonly hint?: string | undefined;
}

export function refused(
  terms: readonly { readonly rule: RuleId }[],
  code: string,
  text: string,
  hint?: string,
): Refused {
  return { reasons: [{ rule: firstRule(terms), code, text }], hint };
}

/** What a review came to, when it is no approval. */
export function reviewEnded(
  terms: readonly HoldTerms[],
  id: string,
  link: string,
  state: Exclude<ReviewState, { readonly state: "pending" | "approved" }>,
): Refused {
  switch (state.state) {
    case "denied":
      return refused(
        terms,
        "review-denied",
        `${state.by} denied review ${id}${state.reason === "" ? "" : `: ${state.reason}`}`,
        `See ${link}`,
      );
    case "expired":
      return refused(
        terms,
        "review-expired",
        `nobody decided on review ${id} in time`,
        `Ask whoever approves, then run it again. See ${link}`,
      );
    case "withdrawn":
      return refused(terms, "review-withdrawn", `review ${id} was withdrawn`, `Run it again to ask anew. See ${link}`);
    case "used":
      return refused(
        terms,
        "review-used",
        `the approval of review ${id} was used already`,
        `Run it again to ask anew. See ${link}`,
      );
  }
}

export const withdrawnWords: Readonly<Record<WithdrawReason, string>> = {
  cancelled: "it was cancelled while it waited",
  disconnected: "its client left while it waited",
  restarted: "what it went through ended while it waited",
};
