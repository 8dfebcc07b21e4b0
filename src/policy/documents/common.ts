import { z } from "zod";
import { oneOf, strict } from "../schema.js";
import { selectorSchema } from "../selector.js";

export const apiVersion = "hoop/v1";

/** One DNS label, as connections are named. */
export const documentName = z
  .string("expected a name")
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "a name is up to 63 lower-case letters, digits and dashes");

export const metadataSchema = strict({
  name: documentName.describe("Unique among all policy documents; reasons and recordings name it."),
  description: z.string().max(2000).optional().describe("For people."),
});

/** Whether a rule counts. */
export const modes = ["enforce", "shadow", "off"] as const;
export type Mode = (typeof modes)[number];

/** The keys of every rule that say whether it counts. */
export const modeFields = {
  enabled: z.boolean("expected true or false").optional().describe("`false` is the same as `mode: off`."),
  mode: oneOf(modes)
    .optional()
    .describe(
      "`enforce` (if left out); `shadow`: changes nothing, what it would have done is recorded; `off`: kept without effect.",
    ),
};

interface WithMode {
  readonly enabled?: boolean | undefined;
  readonly mode?: Mode | undefined;
}

export function withMode<Spec extends z.ZodType<WithMode>>(spec: Spec): Spec {
  return spec.refine(({ enabled, mode }) => enabled === undefined || mode === undefined, {
    path: ["enabled"],
    message: "say `mode` alone",
  });
}

export function modeOf({ enabled, mode }: WithMode): Mode {
  return mode ?? (enabled === false ? "off" : "enforce");
}

export const whoSchema = selectorSchema(["subject"], "everyone");
export const whereSchema = selectorSchema(["connection"], "everywhere");
export const whenSchema = selectorSchema(["statement", "situation", "clock", "estimate"], null);
/** Where no statement is at hand. */
export const clockSchema = selectorSchema(["clock"], null);

/** The envelope that every document of `hoop apply` has. */
export function documentSchema<const Kind extends string, Spec extends z.ZodType>(kind: Kind, spec: Spec) {
  return strict({
    apiVersion: z.literal(apiVersion, { error: `expected ${apiVersion}` }),
    kind: z.literal(kind),
    metadata: metadataSchema,
    spec,
  });
}
