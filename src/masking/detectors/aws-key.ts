import { tokenDetector } from "./token-detector.js";

/** Ids of access keys; the secret beside one is found by its name (`secret`). */
export const awsKey = tokenDetector({
  name: "aws-key",
  finds: "AWS access key ids (AKIA…, ASIA… and their kin) and Bedrock keys.",
  prefilters: ["A(?:KIA|SIA|BIA|CCA|BSK)[A-Za-z0-9]"],
  patterns: [
    /(?<![A-Za-z0-9])A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?![A-Za-z0-9])/g,
    /(?<![A-Za-z0-9])ABSK[A-Za-z0-9+/]{100,}={0,2}/g,
  ],
});
