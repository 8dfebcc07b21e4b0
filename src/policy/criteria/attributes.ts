import { z } from "zod";
import type { Analysis } from "../../vocabulary/index.js";
import { type Answer, both } from "../answer.js";
import { compileGlob, type Glob } from "../glob.js";
import { manyOf } from "../schema.js";
import { joinAnd, joinOr } from "../words.js";
import { criterion } from "./criterion.js";
import { isUnreadable } from "./effects.js";

interface Value {
  readonly text: string;
  readonly glob: Glob | null;
  readonly is: string | number | boolean;
}

const attributeName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, "not an attribute's name");

const valueSchema = z
  .union([z.string().max(200), z.number(), z.boolean()], "expected a text, a number, true or false")
  .transform((is): Value => ({ is, text: String(is), glob: typeof is === "string" ? compileGlob(is) : null }));

/** `attributes: { commands: ["rm", "dd*"] }`: any attribute that the protocol publishes. */
export const attributes = criterion({
  name: "attributes",
  about: "statement",
  summary:
    "Every attribute named here has one of its values; texts may hold `*`, and a list of words has a value when one of its words does. Protocols publish their attributes.",
  example: { utility: ["copy", "vacuum*"] },
  data: z
    .record(attributeName, manyOf(valueSchema))
    .refine((wanted) => Object.keys(wanted).length > 0, "name at least one attribute")
    .transform((wanted): readonly (readonly [string, readonly Value[]])[] => Object.entries(wanted)),
  test: (wanted, { analysis }) => {
    let answer: Answer = "yes";
    for (const [name, values] of wanted) answer = both(answer, testOne(name, values, analysis));
    return answer;
  },
  dependsOn: "shape",
  needs: (wanted) => ["judge-statements", ...wanted.map(([name]) => `attribute:${name}`)],
  reasons: { yes: "attributes-matched", no: "attributes-not-matched", unknown: "attributes-unknown" },
  explain: (wanted) =>
    `has ${joinAnd(wanted.map(([name, values]) => `${name} = ${joinOr(values.map((value) => value.text))}`))}`,
});

function testOne(name: string, wanted: readonly Value[], analysis: Analysis): Answer {
  const found = Object.hasOwn(analysis.attributes, name) ? analysis.attributes[name] : undefined;
  const has = (actual: string | number | boolean) =>
    wanted.some((value) =>
      typeof actual === "string" && value.glob ? value.glob.matches(actual) : actual === value.is,
    );
  if (found !== undefined && (Array.isArray(found) ? found.some(has) : has(found as string | number | boolean)))
    return "yes";
  // A recorded analysis does not say what its statement wrote.
  if (found === undefined && analysis.sealed?.includes(name)) return "unknown";
  return isUnreadable(analysis) ? "unknown" : "no";
}
