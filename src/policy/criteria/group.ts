import { answerOf } from "../answer.js";
import { manyOf, textSchema } from "../schema.js";
import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";

/** `group: engineers` or `group: [engineers, sre]`: a member of one of them. */
export const group = criterion({
  name: "group",
  about: "subject",
  summary: "The subject is a member of one of these groups; names are compared exactly.",
  example: ["engineers", "sre"],
  data: manyOf(textSchema),
  test: (groups, { subject }) => answerOf(groups.some((name) => subject.groups.includes(name))),
  dependsOn: "shape",
  reasons: { yes: "group-matched", no: "group-not-matched", unknown: "group-unknown" },
  explain: (groups) => `a member of ${joinOr(groups)}`,
});
