import { answerOf } from "../answer.js";
import { manyOf, textSchema } from "../schema.js";
import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";

/** `subject: anna`: this login name, or one of these. */
export const subject = criterion({
  name: "subject",
  about: "subject",
  summary: "The subject has one of these login names; names are compared exactly.",
  example: ["anna", "deploy-bot"],
  data: manyOf(textSchema),
  test: (names, seen) => answerOf(names.includes(seen.subject.name)),
  dependsOn: "shape",
  reasons: { yes: "subject-matched", no: "subject-not-matched", unknown: "subject-unknown" },
  explain: (names) => joinOr(names),
});
