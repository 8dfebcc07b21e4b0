import { tokenDetector } from "./token-detector.js";

export const gitlabToken = tokenDetector({
  name: "gitlab-token",
  finds: "GitLab tokens (glpat-…, gldt-…, glrt-… and their kin).",
  prefilters: ["gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-"],
  patterns: [/(?<![A-Za-z0-9_-])gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{20,}/g],
});
