import type { z } from "zod";
import { accessSchema } from "./access.js";
import { budgetSchema } from "./budget.js";
import { guardSchema } from "./guard.js";
import { maskSchema } from "./mask.js";
import { requestSchema } from "./request.js";
import { testSchema } from "./test.js";

/** Every kind of policy document. */
export const documentSchemas = {
  access: accessSchema,
  guard: guardSchema,
  mask: maskSchema,
  budget: budgetSchema,
  request: requestSchema,
  test: testSchema,
} as const;

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
export type ParsedDocument = { [Kind in PolicyKind]: z.output<(typeof documentSchemas)[Kind]> }[PolicyKind];
