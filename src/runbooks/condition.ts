import { type ASTNode, Environment, type ParseResult } from "@marcbachmann/cel-js";
import { HoopError } from "../vocabulary/index.js";

/** What a condition may read of an earlier step. */
export interface StepView {
  readonly ok: boolean;
  readonly skipped: boolean;
  /** Of SQL: rows returned or changed. */
  readonly rows: bigint;
  /** Of SQL: the first column of the first row, as text; empty: there is none. */
  readonly value: string;
  /** Of a command: its exit code, and the end of what it wrote. */
  readonly exit: bigint;
  readonly stdout: string;
  /** Of HTTP. */
  readonly status: bigint;
  readonly body: string;
  readonly json: unknown;
}

/** A condition over `params` and `steps`, read and checked. */
export interface Condition {
  readonly text: string;
  /** Steps that it reads. */
  readonly steps: readonly string[];
  readonly params: readonly string[];
  /** Throws HoopError `precondition-failed` when it cannot be answered. */
  holds(view: {
    readonly params: Readonly<Record<string, unknown>>;
    readonly steps: Readonly<Record<string, StepView>>;
  }): boolean;
}

const maxText = 1_000;
const environment = new Environment({
  limits: { maxAstNodes: 200, maxDepth: 20, maxListElements: 100, maxMapEntries: 20, maxCallArguments: 4 },
})
  .registerVariable("params", "map<string, dyn>")
  .registerVariable("steps", "map<string, dyn>");

/** Each costs no more than its operands are long. `matches` is not among them: it runs the machine's own regular expressions. */
const functions = new Set(
  "has all exists exists_one filter size startsWith endsWith contains lowerAscii int double string bool type".split(
    " ",
  ),
);
const loops = new Set(["all", "exists", "exists_one", "filter"]);

/** Throws HoopError `invalid` with what is wrong and where. */
export function compileCondition(text: string): Condition {
  if (text.length > maxText) throw new HoopError("invalid", `a condition is longer than ${maxText} characters`);
  let run: ParseResult;
  try {
    run = environment.parse(text);
  } catch (error) {
    throw unreadable(error);
  }
  const found = { steps: new Set<string>(), params: new Set<string>() };
  look(run.ast, 0, found);
  const checked = run.check();
  if (!checked.valid) throw unreadable(checked.error);
  if (checked.type !== "bool" && checked.type !== "dyn")
    throw new HoopError("invalid", `a condition answers true or false; this one answers ${checked.type}`);
  return {
    text,
    steps: [...found.steps],
    params: [...found.params],
    holds({ params, steps }) {
      let answer: unknown;
      try {
        answer = run({
          params: new Map(Object.entries(params).map(([name, value]) => [name, celOf(value)])),
          steps: new Map(Object.entries(steps)),
        });
      } catch (cause) {
        throw new HoopError("precondition-failed", `the condition ${JSON.stringify(text)} cannot be answered`, {
          cause,
        });
      }
      if (typeof answer !== "boolean")
        throw new HoopError("precondition-failed", `the condition ${JSON.stringify(text)} is neither true nor false`);
      return answer;
    },
  };
}

/** CEL's whole numbers are not its floating ones; a parameter that is whole compares with both. */
const celOf = (value: unknown): unknown => (Number.isSafeInteger(value) ? BigInt(value as number) : value);

function look(
  node: ASTNode,
  depth: number,
  found: { readonly steps: Set<string>; readonly params: Set<string> },
): void {
  let more = 0;
  if (node.op === "." || node.op === "[]") {
    const [object, field] = node.args as [ASTNode, string | ASTNode];
    const key = typeof field === "string" ? field : field.op === "value" ? String(field.args) : null;
    if (object.op === "id" && (object.args === "steps" || object.args === "params")) {
      if (key === null) throw new HoopError("invalid", `a condition names the field of ${object.args} that it reads`);
      found[object.args].add(key);
    }
  } else if (node.op === "call" || node.op === "rcall") {
    const name = node.args[0] as string;
    if (!functions.has(name)) throw new HoopError("invalid", `a condition may not call ${JSON.stringify(name)}`);
    if (node.op === "rcall" && loops.has(name)) {
      if (depth > 0) throw new HoopError("invalid", `in a condition, ${name} stands inside another loop`);
      more = 1;
    }
  } else if (node.op === "+" && depth > 0) throw new HoopError("invalid", "in a condition, + stands inside a loop");
  for (const child of nodesIn(node.args)) look(child, depth + more, found);
}

function nodesIn(value: unknown): ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return typeof value === "object" && value !== null && "op" in value ? [value as ASTNode] : [];
}

function unreadable(error: unknown): HoopError {
  const { summary, message } = error as { summary?: string; message?: string };
  return new HoopError(
    "invalid",
    `a condition cannot be read: ${(summary ?? message ?? "").split("\n")[0]!.slice(0, 300)}`,
  );
}
