import { readFile } from "node:fs/promises";
import type { ApiClient } from "../../client/api-client.js";
import { HoopError } from "../../vocabulary/index.js";
import { exitCodes } from "../exit-codes.js";
import { type Invocation, texts } from "../invocation.js";
import { printable } from "../output.js";
import { readSecret } from "../read-secret.js";
import { ago, facts } from "../table.js";

/** A runbook as the API shows it, as far as the command line does. */
export interface RunbookView {
  readonly name: string;
  readonly title: string;
  readonly version: number;
  readonly origin: string;
  readonly review: boolean;
  readonly runsAs: string | null;
  readonly schedules: readonly string[];
  readonly mayRun: boolean;
  readonly changedAt: string;
  readonly problem: string | null;
}

export interface RunbookDetail extends RunbookView {
  readonly text: string;
  readonly body: string;
  readonly form: readonly {
    readonly name: string;
    readonly type: "string" | "enum" | "number" | "boolean" | "connection";
    readonly optional: boolean;
    readonly secret: boolean;
    readonly help?: string;
    readonly default?: string | number | boolean;
    readonly values?: readonly string[];
  }[];
  readonly plan: readonly {
    readonly name: string;
    readonly kind: string;
    readonly connection: string;
    readonly when: string | null;
    readonly text: string;
    readonly compensates: boolean;
  }[];
}

export interface RunView {
  readonly id: string;
  readonly runbook: string;
  readonly version: number;
  readonly state: "waiting" | "running" | "succeeded" | "failed" | "denied" | "cancelled" | "interrupted";
  readonly origin: string;
  readonly runsAs: { readonly name: string };
  readonly askedBy: { readonly name: string };
  readonly cause: readonly { readonly event: string; readonly rule: string }[];
  readonly review: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly error: string | null;
}

export interface RunDetail extends RunView {
  readonly parameters: Readonly<Record<string, string | number | boolean | null>>;
  readonly steps: readonly {
    readonly phase: "step" | "compensation";
    readonly name: string;
    readonly state: string;
    readonly connection: string | null;
    readonly session: string | null;
    readonly sent: string | null;
    readonly error: string | null;
    readonly result: {
      readonly rows: number;
      readonly columns: readonly string[];
      readonly sample: readonly (readonly (string | null)[])[];
      readonly exit: number | null;
      readonly stdout: string;
      readonly stderr: string;
      readonly status: number | null;
      readonly body: string;
      readonly cut: number;
    } | null;
  }[];
}

/** The values that were typed, by the types that the runbook declares; the gateway checks them. */
export async function parametersFrom(
  invocation: Invocation,
  { form }: RunbookDetail,
): Promise<Readonly<Record<string, unknown>>> {
  const values: Record<string, unknown> = {};
  for (const pair of texts(invocation, "param")) {
    const at = pair.indexOf("=");
    if (at < 1) throw new HoopError("invalid", `--param is NAME=VALUE, not ${JSON.stringify(pair.slice(0, 40))}`);
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    const parameter = form.find((one) => one.name === name);
    if (parameter?.secret)
      throw new HoopError("invalid", `${name} is secret, and all users of a machine can read command lines`, {
        hint: "it is asked for, or read from stdin",
      });
    values[name] = typed(parameter?.type, value);
  }
  for (const pair of texts(invocation, "paramFile")) {
    const at = pair.indexOf("=");
    if (at < 1) throw new HoopError("invalid", "--param-file is NAME=FILE");
    values[pair.slice(0, at)] = (await readFile(pair.slice(at + 1), "utf8")).replace(/\r?\n$/, "");
  }
  for (const { name, secret, optional } of form)
    if (secret && !optional && !Object.hasOwn(values, name)) values[name] = await readSecret(invocation.context, name);
  return values;
}

function typed(type: RunbookDetail["form"][number]["type"] | undefined, value: string): unknown {
  if (type === "number" && value.trim() !== "" && Number.isFinite(Number(value))) return Number(value);
  if (type === "boolean" && (value === "true" || value === "false")) return value === "true";
  return value;
}

const over = new Set(["succeeded", "failed", "denied", "cancelled", "interrupted"]);
const lookMs = 500;

/** Follows a run until it is over, and says what it does. */
export async function follow({ context }: Invocation, api: ApiClient, id: string): Promise<RunDetail> {
  let said = 0;
  let waits = false;
  for (;;) {
    const run = await api.get<RunDetail>(`/runs/${id}`, { signal: context.signal });
    for (const step of run.steps.slice(said)) {
      if (step.state === "running") break;
      context.out.say(
        `${step.phase === "step" ? "" : "undo "}${step.name}: ${step.state}${step.error ? `: ${step.error}` : ""}`,
      );
      said += 1;
    }
    if (run.state === "waiting" && run.review !== null && !waits) {
      waits = true;
      context.out.say(`waits for approval: hoop review show ${run.review}`);
    }
    if (over.has(run.state)) return run;
    await new Promise((resolve, reject) => {
      const cancelled = () => reject(new HoopError("cancelled", "the run goes on; hoop runbook runs shows it"));
      setTimeout(resolve, lookMs);
      context.signal.addEventListener("abort", cancelled, { once: true });
    });
  }
}

/** What a program learns of a run by the exit code alone. */
export function exitOf({ state }: RunView): number {
  if (state === "succeeded" || state === "running" || state === "waiting") return exitCodes.ok.code;
  if (state === "denied") return exitCodes.denied.code;
  return state === "cancelled" ? exitCodes.conflict.code : exitCodes.failed.code;
}

/** All of a run, for people. */
export function runText(run: RunDetail): string {
  const head = facts([
    ["run", run.id],
    ["runbook", `${run.runbook}, version ${run.version}`],
    ["state", run.state],
    ["error", run.error],
    ["asked by", `${run.askedBy.name} (${run.origin})`],
    ["runs as", run.runsAs.name],
    ["because of", run.cause.map(({ event, rule }) => `event ${event}, rule ${rule}`).join("\n")],
    ["review", run.review],
    ["began", ago(run.createdAt)],
    [
      "with",
      Object.entries(run.parameters)
        .map(([name, value]) => `${name}=${value}`)
        .join("\n"),
    ],
  ]);
  const steps = run.steps.map((step) =>
    [
      `${step.phase === "step" ? "step" : "undo"} ${step.name} on ${step.connection ?? "?"}: ${step.state}${step.session ? ` (session ${step.session})` : ""}`,
      ...(step.sent === null ? [] : [indented(step.sent, "> ")]),
      ...(step.error === null ? [] : [indented(step.error, "! ")]),
      ...(step.result === null ? [] : [indented(resultText(step.result), "  ")]),
    ].join("\n"),
  );
  return [head, ...steps].join("\n\n");
}

function resultText(result: NonNullable<RunDetail["steps"][number]["result"]>): string {
  const lines: string[] = [];
  if (result.columns.length > 0) {
    lines.push(result.columns.join(" | "));
    for (const row of result.sample.slice(0, 20)) lines.push(row.map((cell) => cell ?? "NULL").join(" | "));
    lines.push(`(${result.rows} rows)`);
  } else if (result.exit === null && result.status === null) lines.push(`${result.rows} rows`);
  if (result.exit !== null) lines.push(`exit code ${result.exit}`);
  if (result.status !== null) lines.push(`status ${result.status}`);
  for (const text of [result.stdout, result.stderr, result.body]) if (text !== "") lines.push(text.trimEnd());
  if (result.cut > 0) lines.push(`(${result.cut} bytes more are not kept)`);
  return lines.join("\n");
}

const indented = (text: string, by: string) =>
  printable(text)
    .split("\n")
    .map((line) => `  ${by}${line}`)
    .join("\n");
