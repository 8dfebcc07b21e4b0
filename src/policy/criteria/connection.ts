import { answerOf } from "../answer.js";
import { anyMatches } from "../glob.js";
import { globSchema, manyOf } from "../schema.js";
import { joinOr } from "../words.js";
import { criterion } from "./criterion.js";

/** `connection: "pg-*"`: named like this. Names of connections are lower-case. */
export const connection = criterion({
  name: "connection",
  about: "connection",
  summary: "The connection's name matches one of these patterns.",
  example: ["pg-*", "warehouse"],
  data: manyOf(globSchema),
  test: (globs, seen) => answerOf(anyMatches(globs, seen.connection.name)),
  dependsOn: "shape",
  reasons: { yes: "connection-matched", no: "connection-not-matched", unknown: "connection-unknown" },
  explain: (globs) => `named ${joinOr(globs.map((glob) => glob.text))}`,
});
