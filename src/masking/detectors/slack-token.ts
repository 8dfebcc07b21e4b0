import { tokenDetector } from "./token-detector.js";

export const slackToken = tokenDetector({
  name: "slack-token",
  finds: "Slack tokens (xoxb-…, xapp-… and their kin) and addresses of incoming webhooks.",
  prefilters: ["xox[abeoprs][.-]|xapp-|hooks\\.slack\\.com/"],
  patterns: [
    /(?<![A-Za-z0-9_-])(?:xox[abeoprs][.-]|xapp-)[A-Za-z0-9-]{10,}/g,
    /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/_-]{20,}/g,
  ],
});
