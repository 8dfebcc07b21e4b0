import type { ASTNode, Environment, ParseError, ParseResult } from "@marcbachmann/cel-js";
import { suggestion } from "../closest.js";
import { allowedFunctions, catalogueFields, environment, loops, maxExpression } from "./environment.js";

/** A checked expression, with what it reads. */
export interface Expression {
  readonly text: string;
  readonly run: ParseResult;
  /** `statement`, `time`, … */
  readonly variables: ReadonlySet<string>;
  /** Fields of `statement` that it names; empty with `statement` among the variables: any. */
  readonly fields: ReadonlySet<string>;
  /** Attributes of the statement that it names. */
  readonly attributes: readonly string[];
  readonly needsCatalogue: boolean;
}

/**
 * Reads and type-checks an expression, or says in a sentence what is wrong with it and where. `within`: what it may read; what a
 * policy rule may, if left out.
 */
export function compileExpression(text: string, within: Environment = environment): Expression | string {
  if (text.length > maxExpression) return `is longer than ${maxExpression} characters`;
  let run: ParseResult;
  try {
    run = within.parse(text);
  } catch (error) {
    return problemFrom(error);
  }
  const found = { variables: new Set<string>(), fields: new Set<string>(), attributes: new Set<string>() };
  const problem = look(run.ast, 0, found, text, within);
  if (problem !== null) return problem;
  const checked = run.check();
  if (!checked.valid) return problemFrom(checked.error);
  if (checked.type !== "bool") return `answers ${checked.type}, and must answer bool: true or false`;
  return {
    text,
    run,
    variables: found.variables,
    fields: found.fields,
    attributes: [...found.attributes],
    needsCatalogue: [...found.fields].some((field) => catalogueFields.has(field)),
  };
}

interface Found {
  readonly variables: Set<string>;
  readonly fields: Set<string>;
  readonly attributes: Set<string>;
}

/** Goes through the tree before the type check rewrites it. Answers what is not allowed, or null. */
function look(node: ASTNode, depth: number, found: Found, text: string, within: Environment): string | null {
  const inside = (child: ASTNode, more = 0) => look(child, depth + more, found, text, within);
  switch (node.op) {
    case "value":
      return null;
    case "id":
      if (within.hasVariable(node.args)) found.variables.add(node.args);
      return null;
    case ".": {
      const [object, field] = node.args;
      if (object.op === "id" && object.args === "statement") found.fields.add(field);
      if (isAttributes(object)) found.attributes.add(field);
      return inside(object);
    }
    case "[]": {
      const [object, key] = node.args;
      if (isAttributes(object) && key.op === "value" && typeof key.args === "string") found.attributes.add(key.args);
      return inside(object) ?? inside(key);
    }
    case "call":
    case "rcall": {
      const [name, receiver, parameters] =
        node.op === "call" ? [node.args[0], null, node.args[1]] : [node.args[0], node.args[1], node.args[2]];
      if (!allowedFunctions.has(name))
        return `at ${node.start + 1}: function "${name}" is not available (${suggestion(name, [...allowedFunctions])})`;
      const loop = receiver !== null && loops.has(name);
      if (loop && depth > 0)
        return `at ${node.start + 1}: "${name}" stands inside another loop, and what an expression costs must stay linear`;
      for (const child of receiver === null ? [] : [receiver]) {
        const problem = inside(child);
        if (problem !== null) return problem;
      }
      for (const child of parameters) {
        const problem = inside(child, loop ? 1 : 0);
        if (problem !== null) return problem;
      }
      return null;
    }
    // Joining texts or lists inside a loop would grow with each turn.
    case "+":
      if (depth > 0) return `at ${node.start + 1}: "+" stands inside a loop`;
      return inside(node.args[0]) ?? inside(node.args[1]);
    case "map":
      for (const [key, value] of node.args) {
        const problem = inside(key) ?? inside(value);
        if (problem !== null) return problem;
      }
      return null;
    default:
      for (const child of Array.isArray(node.args) ? (node.args as readonly unknown[]) : [node.args]) {
        const problem = isNode(child) ? inside(child) : null;
        if (problem !== null) return problem;
      }
      return null;
  }
}

const isAttributes = (node: ASTNode) =>
  node.op === "." && node.args[1] === "attributes" && node.args[0].op === "id" && node.args[0].args === "statement";

const isNode = (value: unknown): value is ASTNode => typeof value === "object" && value !== null && "op" in value;

function problemFrom(error: unknown): string {
  const { summary, message, range } = error as Partial<ParseError>;
  const where = range ? `at ${range.start + 1}: ` : "";
  return `${where}${(summary ?? message ?? "cannot be read").split("\n")[0]!.slice(0, 300)}`;
}
