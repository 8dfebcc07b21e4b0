import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";
import { listedSchema, listedWords, testListed } from "./listed.js";

/** `noWhere: any` or `noWhere: [delete]`: changes every row, because nothing says which. */
export const noWhere = criterion({
  name: "noWhere",
  about: "statement",
  summary: "The statement deletes or updates without WHERE. `any`, or which of them, in lower case.",
  example: ["delete", "update"],
  data: listedSchema,
  test: (listed, { analysis }) => testListed(listed, analysis, "noWhere"),
  dependsOn: "shape",
  needs: ["judge-statements", "attribute:noWhere"],
  reasons: { yes: "no-where", no: "has-where", unknown: "no-where-unknown" },
  explain: (listed) =>
    `runs ${joinOr((listedWords(listed) ?? ["delete", "update"]).map((word) => word.toUpperCase()))} without WHERE`,
});
