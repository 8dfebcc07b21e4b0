/** What became of one attempt. `never`: trying again would change nothing. */
export type Outcome =
  | { readonly kind: "done"; readonly answer: string }
  | { readonly kind: "retry"; readonly error: string; readonly afterMs?: number | undefined }
  | { readonly kind: "never"; readonly error: string };
