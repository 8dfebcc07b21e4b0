import type { Grant } from "../../api/review-types.js";

/** How a grant ended, in a word or two. */
export function grantEnd({ why, by }: NonNullable<Grant["ended"]>): string {
  if (why === "over") return "over";
  return why === "returned" ? "given back" : `revoked by ${by ?? "somebody"}`;
}
