import { z } from "zod";
import { typeOf } from "../catalogue/index.js";

/** What events' schemas are made of. */
export interface JsonSchema {
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly additionalProperties?: JsonSchema | boolean | undefined;
  readonly items?: JsonSchema | undefined;
  readonly anyOf?: readonly JsonSchema[] | undefined;
  readonly enum?: readonly unknown[] | undefined;
}

const known = new Map<string, JsonSchema>();

/** The schema of a type's data, without `null` beside another type: a reader finds the empty value in its place. */
export function dataSchema(type: string): JsonSchema {
  let schema = known.get(type);
  if (schema === undefined) {
    schema = z.toJSONSchema(typeOf(type)!.data, { io: "input" }) as JsonSchema;
    known.set(type, schema);
  }
  return schema;
}

/** Without the alternative of being null. */
export function withoutNull(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find(({ type }) => type !== "null") ?? schema;
}
