import type { EventDraft } from "../event.js";
import { dataSchema, type JsonSchema, withoutNull } from "./json-schema.js";

const own = ["id", "type", "connection", "session", "subject.id", "subject.name"];
const scalars = new Set(["string", "integer", "number", "boolean"]);

/** The single values that events of these types all have, by path: `subject.name`, `data.rows`. */
export function fieldsOf(types: readonly string[]): readonly string[] {
  const [first, ...others] = types.map((type) => new Set(pathsOf(dataSchema(type), "data")));
  return [...own, ...[...(first ?? [])].filter((path) => others.every((other) => other.has(path)))];
}

function pathsOf(given: JsonSchema, at: string): readonly string[] {
  const schema = withoutNull(given);
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, one]) => pathsOf(one, `${at}.${name}`));
  return scalars.has(schema.type ?? "") || schema.enum !== undefined ? [at] : [];
}

/** The value at a path of an event; the empty text where there is none. */
export function fieldOf(event: EventDraft, path: string): string | number | boolean {
  let at: unknown = event;
  for (const step of path.split("."))
    at =
      typeof at === "object" && at !== null && Object.hasOwn(at, step) ? (at as Record<string, unknown>)[step] : null;
  return typeof at === "string" || typeof at === "number" || typeof at === "boolean" ? at : "";
}
