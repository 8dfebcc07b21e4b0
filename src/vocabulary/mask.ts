/** What is done to a value that must not be seen. */
export const maskMethods = ["redact", "partial", "hash", "null", "fixed"] as const;

export type Mask =
  | { readonly method: "redact" }
  /** Keeps the first and last characters, e.g. `j***@e***.com` for an e-mail, the last four of a card. */
  | { readonly method: "partial"; readonly as?: "email" | "card" | "phone" | "text" | undefined }
  /** Keyed, so that equal values stay equal and a dictionary does not help. */
  | { readonly method: "hash" }
  | { readonly method: "null" }
  | { readonly method: "fixed"; readonly value: string };

/** A rule's word on which columns are masked how, for the subject and connection already matched. Patterns are globs. */
export interface ColumnMask {
  readonly rule: string;
  /** `schema.table.column`, each part a glob with `*`: `public.customers.email`, `*.*.ssn`. Matched case-insensitively. */
  readonly pattern: string;
  readonly mask: Mask;
}
