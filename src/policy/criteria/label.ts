import { z } from "zod";
import { answerOf } from "../answer.js";
import { anyMatches, type Glob } from "../glob.js";
import { globSchema, manyOf } from "../schema.js";
import { joinAnd, joinOr } from "../words.js";
import { criterion } from "./criterion.js";

const labelName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, "not a label's name");

/** `label: { env: prod, team: [billing, crm] }`: has all of these labels, each with one of its values. */
export const label = criterion({
  name: "label",
  about: "connection",
  summary: "The connection has every label named here, each with a value that matches one of its patterns.",
  example: { env: "prod", team: ["billing", "crm"] },
  data: z
    .record(labelName, manyOf(globSchema))
    .refine((labels) => Object.keys(labels).length > 0, "name at least one label")
    .transform((labels): readonly (readonly [string, readonly Glob[]])[] => Object.entries(labels)),
  test: (labels, { connection }) =>
    answerOf(
      labels.every(
        ([name, globs]) => Object.hasOwn(connection.labels, name) && anyMatches(globs, connection.labels[name]!),
      ),
    ),
  dependsOn: "shape",
  reasons: { yes: "label-matched", no: "label-not-matched", unknown: "label-unknown" },
  explain: (labels) =>
    `labelled ${joinAnd(labels.map(([name, globs]) => `${name}=${joinOr(globs.map((glob) => glob.text))}`))}`,
});
