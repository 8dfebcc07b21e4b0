import { tokenDetector } from "./token-detector.js";

/** Azure: keys of storage accounts and of other services in connection strings, signatures of shared access, client secrets. */
export const azureKey = tokenDetector({
  name: "azure-key",
  finds:
    "Azure account keys and shared access keys in connection strings, SAS signatures (sig=…), and client secrets (…8Q~…).",
  prefilters: ["(?i)(?:account|access)key=|[?&]sig=|[78]Q~"],
  patterns: [
    /(?<=(?:account|access)key=)[A-Za-z0-9+/]{40,}={0,2}/gi,
    /(?<=[?&]sig=)[A-Za-z0-9%+/]{40,}={0,2}/gi,
    /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/g,
  ],
});
