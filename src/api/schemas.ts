import { z } from "zod";
import { HoopError } from "../vocabulary/index.js";

/** Times leave as ISO 8601 in UTC. */
export const timeSchema = z.iso.datetime();

/** A document as it was and as it became: of rules and of reactions alike. */
export const documentVersionSchema = z.object({
  revision: z.number().int(),
  at: timeSchema,
  by: z.string(),
  kind: z.string(),
  name: z.string(),
  before: z.unknown(),
  after: z.unknown(),
});

export const iso = (date: Date): string => date.toISOString();
export const isoOrNull = (date: Date | null): string | null => (date === null ? null : date.toISOString());

export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50).describe("How many, at most."),
  after: z.string().max(500).optional().describe("`next` of the page before."),
});

export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe("Give it as `after` to have the next page; null: this was the last."),
  });
}

/** Where a page ends, opaque to the caller. */
export function cursorFrom(value: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

export function cursorTo<Schema extends z.ZodType>(cursor: string, schema: Schema): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch (error) {
    throw new HoopError("invalid", "`after` is not the `next` of a page", { cause: error });
  }
}

export const subjectSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(["person", "service", "agent"]),
    name: z.string(),
    email: z.string().optional(),
    groups: z.array(z.string()),
  })
  .meta({ id: "Subject", description: "Who is asking." });

export const entrySchema = z
  .record(z.string(), z.unknown())
  .meta({ id: "Entry", description: "One line of a recording; `kind` says which." });

export const noContentSchema = z.null().describe("Done.");
