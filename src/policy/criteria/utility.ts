import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";
import { listedSchema, listedWords, testListed } from "./listed.js";

/** `utility: [vacuum, copy]`: statements of these kinds, as the protocol names them. */
export const utility = criterion({
  name: "utility",
  about: "statement",
  summary: "The statement is a utility statement (neither select, insert, update nor delete). `any`, or patterns.",
  example: ["copy", "vacuum"],
  data: listedSchema,
  test: (listed, { analysis }) => testListed(listed, analysis, "utility"),
  dependsOn: "shape",
  needs: ["judge-statements", "attribute:utility"],
  reasons: { yes: "utility-matched", no: "utility-not-matched", unknown: "utility-unknown" },
  explain: (listed) => {
    const words = listedWords(listed);
    return words ? `is the utility statement ${joinOr(words)}` : "is a utility statement";
  },
});
