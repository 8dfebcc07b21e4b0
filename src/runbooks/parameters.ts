import { RE2JS } from "re2js";
import { z } from "zod";
import { HoopError } from "../vocabulary/index.js";
import { runbookLimits } from "./limits.js";

const name = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, "a parameter's name is lower case: letters, digits and _, up to 40 characters");
const common = {
  name,
  title: z.string().max(100).optional(),
  help: z.string().max(500).optional(),
  /** Without a default it must be given. */
  optional: z.boolean().default(false),
  /** Shown nowhere: not in the run, its log or what it would send. */
  secret: z.boolean().default(false),
};
const pattern = z
  .string()
  .max(500)
  .superRefine((text, context) => {
    try {
      RE2JS.compile(text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      context.addIssue({ code: "custom", message: `is no pattern of RE2: ${why.slice(0, 200)}` });
    }
  });

/** One parameter, as a runbook declares it. */
export const parameterSchema = z.discriminatedUnion("type", [
  z.strictObject({
    ...common,
    type: z.literal("string"),
    /** RE2; the whole value must match. */
    pattern: pattern.optional(),
    minLength: z.number().int().min(0).max(runbookLimits.value).default(0),
    maxLength: z.number().int().min(1).max(runbookLimits.value).default(1_000),
    /** Line breaks and tabs are allowed. */
    multiline: z.boolean().default(false),
    default: z.string().max(runbookLimits.value).optional(),
  }),
  z.strictObject({
    ...common,
    type: z.literal("enum"),
    values: z.array(z.string().min(1).max(200)).min(1).max(100),
    default: z.string().optional(),
  }),
  z.strictObject({
    ...common,
    type: z.literal("number"),
    min: z.number().optional(),
    max: z.number().optional(),
    integer: z.boolean().default(false),
    default: z.number().optional(),
  }),
  z.strictObject({ ...common, type: z.literal("boolean"), default: z.boolean().optional() }),
  z.strictObject({
    ...common,
    type: z.literal("connection"),
    /** Only connections of this protocol. */
    protocol: z.string().max(40).optional(),
    /** Only those with all of these labels. */
    labels: z.record(z.string().max(63), z.string().max(255)).optional(),
    default: z.string().max(63).optional(),
  }),
]);
export type Parameter = z.output<typeof parameterSchema>;
export type ParameterValue = string | number | boolean | null;
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** A connection as far as a parameter looks at it; null: there is none, or the subject may not use it. */
export type FindConnection = (
  name: string,
) => { readonly name: string; readonly protocol: string; readonly labels: Readonly<Record<string, string>> } | null;

/**
 * The values of a run, defaults filled in. Throws HoopError `invalid` that names everything that is wrong; no value of a secret
 * parameter is in it.
 */
export function checkParameters(
  parameters: readonly Parameter[],
  given: Readonly<Record<string, unknown>>,
  find: FindConnection,
): ParameterValues {
  const wrong: string[] = [];
  const values: Record<string, ParameterValue> = {};
  const known = new Set(parameters.map((parameter) => parameter.name));
  for (const name of Object.keys(given))
    if (!known.has(name)) wrong.push(`there is no parameter ${JSON.stringify(name.slice(0, 60))}`);
  for (const parameter of parameters) {
    const value = Object.hasOwn(given, parameter.name) ? given[parameter.name] : parameter.default;
    if (value === undefined || value === null) {
      if (parameter.optional) values[parameter.name] = null;
      else wrong.push(`${parameter.name} is missing`);
      continue;
    }
    const problem = problemOf(parameter, value, find);
    if (problem === null) values[parameter.name] = value as ParameterValue;
    else wrong.push(`${parameter.name} ${problem}`);
  }
  if (wrong.length > 0)
    throw new HoopError("invalid", `the parameters are wrong: ${wrong.join("; ")}`, {
      hint: known.size === 0 ? "this runbook takes none" : `it takes ${[...known].join(", ")}`,
    });
  return values;
}

/** What is wrong with a value, or null. */
function problemOf(parameter: Parameter, value: unknown, find: FindConnection): string | null {
  switch (parameter.type) {
    case "string":
      return typeof value === "string" ? stringProblem(parameter, value) : "must be a text";
    case "enum":
      return typeof value === "string" && parameter.values.includes(value)
        ? null
        : `must be one of ${parameter.values.join(", ")}`;
    case "number":
      return numberProblem(parameter, value);
    case "boolean":
      return typeof value === "boolean" ? null : "must be true or false";
    case "connection": {
      const found = typeof value === "string" ? find(value) : null;
      // The same words for what is not there and what may not be used.
      if (found === null) return "names no connection that may be used";
      if (parameter.protocol !== undefined && found.protocol !== parameter.protocol)
        return `must be a connection of ${parameter.protocol}`;
      const labels = Object.entries(parameter.labels ?? {});
      return labels.every(([key, label]) => found.labels[key] === label)
        ? null
        : `must be a connection with the labels ${labels.map(([key, label]) => `${key}=${label}`).join(", ")}`;
    }
  }
}

function stringProblem(parameter: Extract<Parameter, { type: "string" }>, value: string): string | null {
  const { minLength, maxLength, multiline, pattern: text } = parameter;
  if (value.length < minLength || value.length > maxLength) return `must have ${minLength} to ${maxLength} characters`;
  if (value.includes("\0")) return "holds a NUL byte";
  if ((multiline ? /[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/ : /[\x01-\x1f\x7f\u2028\u2029]/).test(value))
    return multiline ? "holds a control character" : "holds a line break or control character";
  if (text !== undefined && !RE2JS.compile(text).matches(value)) return `must match ${text}`;
  return null;
}

function numberProblem(parameter: Extract<Parameter, { type: "number" }>, value: unknown): string | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return "must be a number";
  if (parameter.integer && !Number.isSafeInteger(value)) return "must be a whole number";
  if (parameter.min !== undefined && value < parameter.min) return `must be ${parameter.min} or more`;
  if (parameter.max !== undefined && value > parameter.max) return `must be ${parameter.max} or less`;
  return null;
}

/** Values as they may be shown: those of secret parameters are not in it. */
export function shownParameters(parameters: readonly Parameter[], values: ParameterValues): ParameterValues {
  const secret = new Set(parameters.filter((one) => one.secret).map((one) => one.name));
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, secret.has(name) && value !== null ? "(secret)" : value]),
  );
}
