import type { BudgetMeasure } from "../policy/policy.js";

/** One bucket of one counter. `span` says how wide buckets are; see `span.ts`. */
export interface Bucket {
  readonly rule: string;
  readonly measure: BudgetMeasure;
  readonly owner: string;
  readonly span: "hour" | "day";
  /** Ordinal of the bucket since the epoch. */
  readonly bucket: number;
}

export interface BucketUse extends Bucket {
  readonly used: number;
}

/** Somebody whom data was about, seen in a bucket: a keyed digest, hex. */
export interface BucketSubject extends Bucket {
  readonly subject: string;
}

export interface BudgetUse {
  readonly counts: readonly BucketUse[];
  readonly subjects: readonly BucketSubject[];
}

/** What replicas tell each other about used budgets. */
export interface BudgetStore {
  /** Adds; answers what those buckets hold now, all replicas together. */
  add(use: BudgetUse): Promise<readonly BucketUse[]>;
  /** Everything that changed since `mark`, oldest first, and the next mark; null: everything there is. */
  changed(mark: string | null): Promise<BudgetUse & { readonly mark: string }>;
  /** Forgets buckets of that span older than this. */
  prune(span: "hour" | "day", before: number): Promise<void>;
}
