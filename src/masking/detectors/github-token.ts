import { tokenDetector } from "./token-detector.js";

export const githubToken = tokenDetector({
  name: "github-token",
  finds: "GitHub tokens (ghp_…, gho_…, ghu_…, ghs_…, ghr_…, github_pat_…).",
  prefilters: ["gh[pousr]_[A-Za-z0-9]|github_pat_"],
  patterns: [/(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})/g],
});
