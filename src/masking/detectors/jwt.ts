import { tokenDetector } from "./token-detector.js";

/** A JSON Web Token, signed (three parts) or encrypted (five); its first part says so, and the others may be cut off. */
export const jwt = tokenDetector({
  name: "jwt",
  finds: "JSON Web Tokens, signed or encrypted, whose first part decodes to a header.",
  prefilters: ["eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*"],
  patterns: [/(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}/g],
  accept: ([value]) => {
    const header = Buffer.from(value.slice(0, Math.min(value.indexOf("."), 4096)), "base64url").toString("latin1");
    return /"(?:alg|enc|typ|kid|cty)"/.test(header);
  },
});
