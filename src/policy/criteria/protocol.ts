import { answerOf } from "../answer.js";
import { manyOf, textSchema } from "../schema.js";
import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";

/** `protocol: postgres`: speaks one of these. */
export const protocol = criterion({
  name: "protocol",
  about: "connection",
  summary: "The connection speaks one of these protocols.",
  example: "postgres",
  data: manyOf(textSchema),
  test: (names, { connection }) => answerOf(names.includes(connection.protocol)),
  dependsOn: "shape",
  reasons: { yes: "protocol-matched", no: "protocol-not-matched", unknown: "protocol-unknown" },
  explain: (names) => `of protocol ${joinOr(names)}`,
});
