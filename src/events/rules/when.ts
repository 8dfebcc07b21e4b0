import { Environment } from "@marcbachmann/cel-js";
import { compileExpression, type Expression } from "../../policy/cel/expression.js";
import { compileGlob } from "../../policy/glob.js";
import type { EventDraft } from "../event.js";
import { dataSchema, type JsonSchema, withoutNull } from "./json-schema.js";

/** An expression over one event: `data.rows > 1000 && subject.name.startsWith("svc-")`. */
export interface When {
  readonly text: string;
  /** Null: it cannot be told, as something that it reads is not there. */
  test(event: EventDraft): boolean | null;
}

type Shape = string | { readonly [field: string]: Shape };

const environments = new Map<string, Environment>();

/** Reads and type-checks an expression for these types of events, or says in a sentence what is wrong with it. */
export function compileWhen(text: string, types: readonly string[]): When | string {
  const compiled = compileExpression(text, environmentFor(types));
  if (typeof compiled === "string") return compiled;
  const schemas = new Map(types.map((type) => [type, dataSchema(type)]));
  return { text, test: (event) => run(compiled, event, schemas.get(event.type)!) };
}

function run({ run: expression, variables }: Expression, event: EventDraft, schema: JsonSchema): boolean | null {
  const context: Record<string, unknown> = {};
  for (const name of variables) context[name] = variable(name, event, schema);
  try {
    const answer: unknown = expression(context);
    return typeof answer === "boolean" ? answer : null;
  } catch {
    return null;
  }
}

function variable(name: string, event: EventDraft, schema: JsonSchema): unknown {
  switch (name) {
    case "event":
      return { id: event.id, type: event.type, at: BigInt(event.at) };
    case "subject":
      return { id: event.subject?.id ?? "", name: event.subject?.name ?? "" };
    case "connection":
      return event.connection ?? "";
    case "session":
      return event.session ?? "";
    default: {
      // Made once for all rules that look at the event.
      let view = views.get(event);
      if (view === undefined) {
        view = value(event.data, schema) as object;
        views.set(event, view);
      }
      return view;
    }
  }
}

const views = new WeakMap<EventDraft, object>();

/** One set of types, one environment: the fields of `data` that all of them have alike. */
function environmentFor(types: readonly string[]): Environment {
  const name = [...types].sort().join(" ");
  const known = environments.get(name);
  if (known) return known;
  const made = new Environment({
    limits: { maxAstNodes: 200, maxDepth: 20, maxListElements: 100, maxMapEntries: 20, maxCallArguments: 4 },
  })
    .registerVariable({ name: "event", schema: { id: "string", type: "string", at: "int" } })
    .registerVariable({ name: "subject", schema: { id: "string", name: "string" } })
    .registerVariable("connection", "string")
    .registerVariable("session", "string")
    .registerVariable({ name: "data", schema: shared(types.map((type) => shapeOf(dataSchema(type)))) })
    .registerFunction("string.like(string): bool", (value: string, pattern: string) =>
      compileGlob(pattern).matches(value),
    );
  // A catalogue has few sets that anybody names; what is tried out does not fill the memory.
  if (environments.size >= 500) environments.clear();
  environments.set(name, made);
  return made;
}

function shared(shapes: readonly Shape[]): { readonly [field: string]: Shape } {
  const [first, ...others] = shapes as readonly { readonly [field: string]: Shape }[];
  return Object.fromEntries(
    Object.entries(first!).filter(([field, shape]) =>
      others.every((other) => JSON.stringify(other[field]) === JSON.stringify(shape)),
    ),
  );
}

function shapeOf(given: JsonSchema): Shape {
  const schema = withoutNull(given);
  switch (schema.type) {
    case "integer":
      return "int";
    case "number":
      return "double";
    case "boolean":
      return "bool";
    case "array": {
      const item = shapeOf(schema.items ?? {});
      return typeof item === "string" ? `list<${item}>` : "list<map<string, dyn>>";
    }
    case "object": {
      if (schema.properties !== undefined)
        return Object.fromEntries(Object.entries(schema.properties).map(([name, one]) => [name, shapeOf(one)]));
      const values = typeof schema.additionalProperties === "object" ? schema.additionalProperties.type : undefined;
      return values === "integer" ? "map<string, int>" : "map<string, dyn>";
    }
    case "string":
      return "string";
    default:
      return schema.enum === undefined ? "dyn" : "string";
  }
}

/** Data as an expression of that schema reads it: whole numbers as such, and the empty value where there is none. */
function value(given: unknown, schemaGiven: JsonSchema): unknown {
  const schema = withoutNull(schemaGiven);
  switch (schema.type) {
    case "integer":
      return BigInt(typeof given === "number" && Number.isSafeInteger(given) ? given : 0);
    case "array": {
      const items = Array.isArray(given) ? (given as readonly unknown[]) : [];
      return items.map((item) => {
        const made = value(item, schema.items ?? {});
        return isRecord(made) ? new Map(Object.entries(made)) : made;
      });
    }
    case "object": {
      const record = isRecord(given) ? given : {};
      if (schema.properties !== undefined)
        return Object.fromEntries(
          Object.entries(schema.properties).map(([name, one]) => [name, value(record[name], one)]),
        );
      const each = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
      return new Map(Object.entries(record).map(([name, one]) => [name, value(one, each)]));
    }
    case "string":
      return typeof given === "string" ? given : "";
    case "boolean":
      return given === true;
    default:
      return given ?? "";
  }
}

const isRecord = (given: unknown): given is Record<string, unknown> =>
  typeof given === "object" && given !== null && !Array.isArray(given) && !(given instanceof Map);
