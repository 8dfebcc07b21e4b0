import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";
import { foundListed, listedSchema, listedWords, testListed } from "./listed.js";

/** `escapes: any` or `escapes: ["dblink*"]`: leads out of what the rules can see. */
export const escapes = criterion({
  name: "escapes",
  about: "statement",
  summary:
    "The statement uses a way out of what rules can see (files, other servers, other roles). `any`, or patterns.",
  example: "any",
  data: listedSchema,
  test: (listed, { analysis }) => testListed(listed, analysis, "escapes"),
  found: (listed, { analysis }) => foundListed(listed, analysis, "escapes"),
  dependsOn: "shape",
  needs: ["judge-statements", "attribute:escapes"],
  reasons: { yes: "escape-hatch", no: "no-escape-hatch", unknown: "escape-hatch-unknown" },
  explain: (listed) => {
    const words = listedWords(listed);
    return words ? `uses the escape hatch ${joinOr(words)}` : "uses an escape hatch";
  },
});
