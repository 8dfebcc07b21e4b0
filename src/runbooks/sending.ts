import { HoopError } from "../vocabulary/index.js";
import type { StepView } from "./condition.js";
import type { Parameter, ParameterValues } from "./parameters.js";
import type { Sending } from "./ports.js";
import type { StepResult } from "./run.js";
import type { Action, Where } from "./runbook.js";
import { renderHttp } from "./template/http.js";
import type { Value, ValueName, Values } from "./template/parts.js";
import { renderShell } from "./template/shell.js";
import { sqlValues } from "./template/sql.js";

/** What a run knows when it makes the next step. */
export interface Known {
  readonly run: { readonly id: string; readonly by: string };
  readonly parameters: readonly Parameter[];
  readonly values: ParameterValues;
  /** Of steps that are done; a dry run has none. */
  readonly results: ReadonlyMap<string, StepResult>;
}

export const secretMark = "(secret)";

/** The connection of a step. */
export function connectionOf(where: Where, values: ParameterValues): string {
  return "connection" in where ? where.connection : String(values[where.parameter] ?? "");
}

/** Puts the values into an action's places. `shown`: with marks where secrets are, for people. Throws HoopError. */
export function sendingOf(action: Action, known: Known, shown = false): Sending {
  const values = valuesOf(known, shown);
  switch (action.kind) {
    case "sql":
      return {
        kind: "sql",
        text: action.template.text,
        values: sqlValues(action.template, values),
        database: action.database,
      };
    case "run":
      return {
        kind: "run",
        command: renderShell(action.template, values),
        quoted: action.template.names.length > 0,
      };
    case "http":
      return { kind: "http", request: renderHttp(action.template, values) };
  }
}

/** The same for people, in a few lines. */
export function sendingText(sending: Sending): string {
  switch (sending.kind) {
    case "sql":
      return [
        sending.text,
        ...sending.values.map((value, i) => `$${i + 1} = ${value === null ? "NULL" : JSON.stringify(value)}`),
      ].join("\n");
    case "run":
      return sending.command;
    case "http": {
      const { method, path, headers, body } = sending.request;
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      return [`${method} ${path}`, ...lines, ...(body === null ? [] : ["", body])].join("\n");
    }
  }
}

function valuesOf({ run, parameters, values, results }: Known, shown: boolean): Values {
  const secret = new Set(shown ? parameters.filter((one) => one.secret).map((one) => one.name) : []);
  return (name) => {
    const [first, second, third] = name.split(".") as [string, string?, string?];
    if (second === undefined) return secret.has(first) ? secretMark : (values[first] ?? null);
    if (first === "run") return second === "id" ? run.id : run.by;
    const result = results.get(second);
    // A dry run cannot know: the place stays visible.
    if (result === undefined) {
      if (shown) return `{{${name}}}`;
      throw new HoopError("precondition-failed", `{{${name}}} is not known: that step did not run`);
    }
    return fieldOf(result, third ?? "", name);
  };
}

function fieldOf(result: StepResult, field: string, name: ValueName): Value {
  // What was cut is not what the target said: nothing is built on it.
  if (result.cut > 0 && (field === "stdout" || field === "body"))
    throw new HoopError("too-large", `{{${name}}} is longer than what is kept of a step's output`);
  switch (field) {
    case "rows":
      return result.rows;
    case "value":
      return result.sample[0]?.[0] ?? null;
    case "exit":
      return result.exit;
    case "stdout":
      return result.stdout.replace(/\r?\n$/, "");
    case "status":
      return result.status;
    default:
      return result.body;
  }
}

/** A step as conditions see it; null: it was skipped. */
export function viewOf(result: StepResult | null, ok: boolean): StepView {
  return {
    ok,
    skipped: result === null,
    rows: BigInt(result?.rows ?? 0),
    value: result?.sample[0]?.[0] ?? "",
    exit: BigInt(result?.exit ?? 0),
    stdout: result?.stdout ?? "",
    status: BigInt(result?.status ?? 0),
    body: result?.body ?? "",
    json: jsonOf(result?.body ?? ""),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) => (Number.isSafeInteger(value) ? BigInt(value as number) : value));
  } catch {
    return null;
  }
}

/** Takes secret values out of what a target said. Short ones are left: they would be found everywhere. */
export function withoutSecrets(text: string, parameters: readonly Parameter[], values: ParameterValues): string {
  let clean = text;
  for (const { name, secret } of parameters) {
    const value = values[name];
    if (secret && typeof value === "string" && value.length >= 4) clean = clean.replaceAll(value, secretMark);
  }
  return clean;
}
