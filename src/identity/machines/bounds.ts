import { z } from "zod";
import type { Bounds } from "../../vocabulary/index.js";
import type { BoundTerms } from "./store.js";

const pattern = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z0-9*._-]+$/, "a connection's name, in which * stands for anything");

/** What a key, a trust or a delegation is bounded to. */
export const boundTermsSchema = z.strictObject({
  connections: z
    .array(
      z
        .strictObject({
          names: z.array(pattern).min(1).max(50).optional().describe("One of these patterns; `*` stands for anything."),
          labels: z
            .record(z.string().min(1).max(63), z.string().max(256))
            .refine((labels) => Object.keys(labels).length > 0 && Object.keys(labels).length <= 16, "1 to 16 labels")
            .optional()
            .describe("All of these labels, with these values."),
        })
        .refine(({ names, labels }) => names !== undefined || labels !== undefined, "say names, labels or both"),
    )
    .min(1)
    .max(20)
    .optional()
    .describe("One of these must fit a connection; left out: every connection that rules allow."),
  readOnly: z.boolean().optional().describe("Statements that only read, and requests to the API that change nothing."),
  permissions: z
    .array(z.string().min(1).max(64))
    .max(100)
    .optional()
    .describe(
      "What the API may be asked for, at most; left out: what the account may, empty: nothing that needs a permission.",
    ),
});

/** As they are kept: what is left out says nothing. */
export function termsFrom(given: z.output<typeof boundTermsSchema>): BoundTerms {
  const { connections, readOnly, permissions } = given;
  return {
    ...(connections === undefined ? null : { connections }),
    ...(readOnly === true ? { readOnly } : null),
    ...(permissions === undefined ? null : { permissions: [...new Set(permissions)].sort() }),
  };
}

/** A bound with what it is of, for refusals. */
export function boundOf(of: string, terms: BoundTerms, until?: Date): Bounds {
  return { of, ...terms, ...(until === undefined ? null : { until: until.getTime() }) };
}

/** `pg-* with team=payments; reading only`, for lists. */
export function boundsText({ connections, readOnly, permissions }: BoundTerms): string {
  const parts: string[] = [];
  if (connections !== undefined) parts.push(connections.map(placeText).join(" or "));
  if (readOnly === true) parts.push("reading only");
  if (permissions !== undefined) parts.push(permissions.length === 0 ? "no permission" : permissions.join(", "));
  return parts.length === 0 ? "all that it may" : parts.join("; ");
}

function placeText({ names, labels }: NonNullable<BoundTerms["connections"]>[number]): string {
  const by = Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return [...(names === undefined ? [] : [names.join(", ")]), ...(by.length === 0 ? [] : [by.join(", ")])].join(
    " with ",
  );
}
