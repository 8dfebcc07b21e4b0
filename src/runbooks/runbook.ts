import { createHash } from "node:crypto";
import { Cron } from "croner";
import { HoopError } from "../vocabulary/index.js";
import { type Condition, compileCondition } from "./condition.js";
import { type ActionText, type ReadDocument, type RunbookDocument, readDocument, type StepText } from "./document.js";
import { runbookLimits } from "./limits.js";
import type { Parameter } from "./parameters.js";
import { compileHttp, type HttpTemplate } from "./template/http.js";
import { partsOf, type ValueName } from "./template/parts.js";
import { compileShell, type ShellTemplate } from "./template/shell.js";
import { compileSql, type SqlTemplate } from "./template/sql.js";

/** Where a step goes: a connection's name, or the parameter that holds it. */
export type Where = { readonly connection: string } | { readonly parameter: string };

/** One thing that is asked of a target. */
export type Action = {
  readonly where: Where;
  readonly timeoutMs: number;
  /** As written, for people. */
  readonly text: string;
} & (
  | { readonly kind: "sql"; readonly template: SqlTemplate; readonly database: string | null }
  | { readonly kind: "run"; readonly template: ShellTemplate }
  | { readonly kind: "http"; readonly template: HttpTemplate; readonly statuses: readonly number[] | null }
);

export interface Step {
  readonly name: string;
  readonly title: string;
  readonly action: Action;
  readonly when: Condition | null;
  readonly expect: Condition | null;
  readonly continues: boolean;
  readonly secretOutput: boolean;
  readonly compensate: { readonly action: Action; readonly afterInterruption: boolean } | null;
}

/** A runbook that was read and found fit to run. */
export interface Runbook {
  readonly name: string;
  readonly title: string;
  readonly parameters: readonly Parameter[];
  /** Null: admins only. */
  readonly groups: readonly string[] | null;
  /** The service account whose rights it has; null: those of whoever runs it. */
  readonly as: string | null;
  readonly review: RunbookDocument["spec"]["review"] | null;
  readonly timeoutMs: number;
  readonly schedules: RunbookDocument["spec"]["schedules"];
  readonly steps: readonly Step[];
  readonly body: string;
  readonly text: string;
  /** SHA-256 of the text, hex. */
  readonly hash: string;
}

/** Fields that a later step may use of an earlier one. */
const stepFields = new Set(["value", "rows", "exit", "stdout", "status", "body"]);
const runFields = new Set(["id", "by"]);

/** Reads, compiles and checks the whole of a runbook. Throws HoopError `invalid`. */
export function loadRunbook(text: string, where?: string): Runbook {
  const read = readDocument(text, where);
  try {
    return compiled(read, text);
  } catch (error) {
    if (!(error instanceof HoopError)) throw error;
    throw new HoopError(error.code, `${where ?? `runbook ${read.document.metadata.name}`}: ${error.message}`, {
      hint: error.hint,
    });
  }
}

function compiled({ document: { metadata, spec }, body }: ReadDocument, text: string): Runbook {
  unique(
    spec.parameters.map(({ name }) => name),
    "parameter",
  );
  unique(
    spec.steps.map(({ name }) => name),
    "step",
  );
  for (const parameter of spec.parameters) checkDefault(parameter);
  const steps: Step[] = [];
  for (const one of spec.steps)
    steps.push(
      inStep(one.name, () =>
        stepFrom(
          one,
          spec.parameters,
          steps.map(({ name }) => name),
        ),
      ),
    );
  for (const { cron, zone, with: given } of spec.schedules) {
    checkCron(cron, zone);
    for (const name of Object.keys(given))
      if (!spec.parameters.some((parameter) => parameter.name === name))
        throw new HoopError("invalid", `a schedule gives ${JSON.stringify(name)}, which is no parameter`);
  }
  if (spec.schedules.length > 0 && spec.as === undefined)
    throw new HoopError("invalid", "what runs by a schedule says as whom: `as` names a service account");
  return {
    name: metadata.name,
    title: metadata.title ?? metadata.name,
    parameters: spec.parameters,
    groups: spec.who?.groups ?? null,
    as: spec.as ?? null,
    review: spec.review ?? null,
    timeoutMs: spec.timeout ?? runbookLimits.runMs.usual,
    schedules: spec.schedules,
    steps,
    body,
    text,
    hash: createHash("sha256").update(text).digest("hex"),
  };
}

function unique(names: readonly string[], what: string): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new HoopError("invalid", `two ${what}s are named ${twice}`);
}

function inStep<T>(name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof HoopError)) throw error;
    throw new HoopError("invalid", `step ${name}: ${error.message}`, { hint: error.hint });
  }
}

function stepFrom(one: StepText, parameters: readonly Parameter[], before: readonly string[]): Step {
  const when = one.when === undefined ? null : compileCondition(one.when);
  const expect = one.expect === undefined ? null : compileCondition(one.expect);
  checkReads(when, parameters, before);
  checkReads(expect, parameters, [...before, one.name]);
  const action = actionFrom(one, one.connection, parameters, before);
  const { compensate } = one;
  return {
    name: one.name,
    title: one.title ?? one.name,
    action,
    when,
    expect,
    continues: one.onFailure === "continue",
    secretOutput: one.secretOutput,
    compensate: compensate
      ? {
          action: actionFrom(compensate, compensate.connection ?? one.connection, parameters, [...before, one.name]),
          afterInterruption: compensate.afterInterruption,
        }
      : null,
  };
}

function checkReads(condition: Condition | null, parameters: readonly Parameter[], steps: readonly string[]): void {
  for (const name of condition?.params ?? [])
    if (!parameters.some((one) => one.name === name))
      throw new HoopError("invalid", `a condition reads params.${name}, which is no parameter`);
  for (const name of condition?.steps ?? [])
    if (!steps.includes(name))
      throw new HoopError("invalid", `a condition reads steps.${name}, which is no earlier step`);
}

function actionFrom(
  one: StepText | ActionText,
  connection: string,
  parameters: readonly Parameter[],
  before: readonly string[],
): Action {
  const kinds = (["sql", "run", "http"] as const).filter((kind) => one[kind] !== undefined);
  if (kinds.length !== 1) throw new HoopError("invalid", "a step has exactly one of sql, run and http");
  const shared = { where: whereOf(connection, parameters), timeoutMs: one.timeout ?? runbookLimits.stepMs.usual };
  if (one.database !== undefined && one.sql === undefined) throw new HoopError("invalid", "only sql has a database");
  let action: Action;
  if (one.sql !== undefined)
    action = { ...shared, kind: "sql", text: one.sql, template: compileSql(one.sql), database: one.database ?? null };
  else if (one.run !== undefined) action = { ...shared, kind: "run", text: one.run, template: compileShell(one.run) };
  else {
    const { expectStatus, ...request } = one.http!;
    const text = `${request.method} ${request.path}`;
    action = { ...shared, kind: "http", text, template: compileHttp(request), statuses: expectStatus ?? null };
  }
  for (const name of action.template.names) checkName(name, parameters, before);
  return action;
}

function whereOf(connection: string, parameters: readonly Parameter[]): Where {
  const [only, more] = partsOf(connection);
  if (only?.kind === "text" && more === undefined) {
    if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(only.text))
      throw new HoopError("invalid", `${JSON.stringify(only.text)} is no connection's name`);
    return { connection: only.text };
  }
  const found =
    only?.kind === "value" && more === undefined ? parameters.find((one) => one.name === only.name) : undefined;
  if (found?.type !== "connection")
    throw new HoopError("invalid", "a step's connection is a name, or one parameter of type connection");
  if (found.optional) throw new HoopError("invalid", `the connection ${found.name} is optional, and a step needs it`);
  return { parameter: found.name };
}

function checkName(name: ValueName, parameters: readonly Parameter[], before: readonly string[]): void {
  const [first, second, third] = name.split(".");
  const fits =
    second === undefined
      ? parameters.some((one) => one.name === first)
      : first === "run"
        ? third === undefined && runFields.has(second)
        : first === "steps" && before.includes(second) && third !== undefined && stepFields.has(third);
  if (!fits)
    throw new HoopError("invalid", `{{${name}}} is no parameter, nor a field of an earlier step`, {
      hint: `steps have ${[...stepFields].join(", ")}; run has ${[...runFields].join(", ")}`,
    });
}

/** A default that its own parameter refuses would fail only when somebody relies on it. */
function checkDefault(parameter: Parameter): void {
  if (parameter.default === undefined) return;
  if (parameter.secret)
    throw new HoopError("invalid", `the parameter ${parameter.name} is secret and has a default in clear`);
  if (parameter.type === "enum" && !parameter.values.includes(parameter.default))
    throw new HoopError("invalid", `the default of ${parameter.name} is none of its values`);
}

function checkCron(cron: string, zone: string): void {
  try {
    if (new Cron(cron, { timezone: zone, paused: true, mode: "5-part" }).nextRun() === null)
      throw new Error("it never comes");
  } catch (error) {
    throw new HoopError(
      "invalid",
      `the schedule ${JSON.stringify(cron)} in ${zone} cannot be read: ${String((error as Error).message).slice(0, 200)}`,
    );
  }
}
