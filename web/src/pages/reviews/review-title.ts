import type { ReviewSummary } from "../../api/review-types.js";

/** Who asks for what, in one line. */
export function reviewTitle({ kind, connections }: ReviewSummary): string {
  if (kind === "reveal") return "asks for the value behind a token";
  if (kind === "run") return "asks to run a runbook";
  return `${kind === "access" ? "asks for access to" : "on"} ${connections.join(", ")}`;
}
