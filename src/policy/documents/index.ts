import type { z } from "zod";
import { accessSchema } from "./access.js";
import { guardSchema } from "./guard.js";
import { maskSchema } from "./mask.js";

/** Every kind of policy document. */
export const documentSchemas = { access: accessSchema, guard: guardSchema, mask: maskSchema } as const;

export type PolicyKind = keyof typeof documentSchemas;
export const policyKinds = Object.keys(documentSchemas) as readonly PolicyKind[];

/** A document as people write it: valid by the schema of its kind, plain JSON, kept as it was written. */
export interface PolicyDocument {
  readonly apiVersion: "hoop/v1";
  readonly kind: PolicyKind;
  readonly metadata: { readonly name: string; readonly description?: string | undefined };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A document after its schema: patterns compiled, criteria bound. */
export type ParsedDocument = z.output<typeof accessSchema> | z.output<typeof guardSchema> | z.output<typeof maskSchema>;
