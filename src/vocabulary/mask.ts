/** What is done to a value that must not be seen. */
export const maskMethods = ["redact", "partial", "hash", "tokenize", "null", "fixed"] as const;

export type Mask =
  | { readonly method: "redact" }
  /** Keeps the first and last characters, e.g. `j***@e***.com` for an e-mail, the last four of a card. */
  | { readonly method: "partial"; readonly as?: "email" | "card" | "phone" | "text" | undefined }
  /** Keyed, so that equal values stay equal and a dictionary does not help. */
  | { readonly method: "hash" }
  /**
   * A pseudonym of the same form, the same for the same value and purpose in every result, session and gateway; another
   * purpose gives another. Where the form leaves room for it, the value can be got back by who holds the key.
   */
  | {
      readonly method: "tokenize";
      readonly purpose: string;
      readonly as?: TokenForm | undefined;
      /** For an e-mail: the domain that is shown; `keep` shows the value's own. `example.invalid` if left out. */
      readonly domain?: string | undefined;
      /** For a card: the last four digits stay. */
      readonly lastFour?: boolean | undefined;
    }
  | { readonly method: "null" }
  | { readonly method: "fixed"; readonly value: string };

/** What a pseudonym looks like: letters and digits in place of letters and digits, or the form of a card or e-mail. */
export const tokenForms = ["text", "card", "email"] as const;
export type TokenForm = (typeof tokenForms)[number];

/** A rule's word on which columns are masked how, for the subject and connection already matched. Patterns are globs. */
export interface ColumnMask {
  readonly rule: string;
  /** `schema.table.column`, each part a glob with `*`: `public.customers.email`, `*.*.ssn`. Matched case-insensitively. */
  readonly pattern: string;
  readonly mask: Mask;
  /** Statements in which the column decides: which rows come, in which order, in which group. `deny` if left out. */
  readonly predicates?: PredicateRule | undefined;
  /** Numbers of values: left out, `count(column)` passes and `count(distinct column)` is masked. */
  readonly counts?: "allow" | "mask" | undefined;
}

/** What becomes of statements that compare, sort or group by a masked column: each answer tells something of its values. */
export type PredicateRule = "deny" | "allow" | { readonly statementsPerHour: number };
