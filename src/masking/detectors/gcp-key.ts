import { tokenDetector } from "./token-detector.js";

/** Google: API keys, OAuth client secrets, access and refresh tokens. */
export const gcpKey = tokenDetector({
  name: "gcp-key",
  finds: "Google API keys (AIza…), OAuth client secrets (GOCSPX-…), access tokens (ya29.…) and refresh tokens (1//…).",
  prefilters: ["AIza|GOCSPX-|ya29\\.|1//0"],
  patterns: [
    /(?<![A-Za-z0-9_-])(?:AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{28})(?![A-Za-z0-9_-])/g,
    /(?<![A-Za-z0-9_-])(?:ya29\.|1\/\/0)[A-Za-z0-9_-]{20,}/g,
  ],
});
