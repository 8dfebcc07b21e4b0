import type { SubjectId } from "../vocabulary/index.js";
import type { PolicyDocument, PolicyKind } from "./documents/index.js";

/** Everything that is kept, as it was written. */
export interface StoredPolicy {
  /** Ascends with each change of any document; 0: nothing was ever written. */
  readonly revision: number;
  /** Valid when they were written; a newer version may have written what this one does not know. */
  readonly documents: readonly unknown[];
}

/** Who changes policy. Null: Hoop itself, when it writes the default set. */
export type PolicyAuthor = { readonly subject: SubjectId; readonly name: string } | null;

/** All or nothing. */
export interface PolicyWrite {
  readonly put: readonly PolicyDocument[];
  readonly remove: readonly { readonly kind: PolicyKind; readonly name: string }[];
  /** The revision that the change was planned on. */
  readonly expected: number;
  readonly author: PolicyAuthor;
}

/** One change of one document, for people who ask who changed what. */
export interface PolicyHistoryEntry {
  readonly revision: number;
  readonly at: Date;
  readonly by: string;
  readonly kind: PolicyKind;
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Where policy documents live. `storage/policy.ts` has them in PostgreSQL. */
export interface PolicyStore {
  read(): Promise<StoredPolicy>;
  /** Answers the new revision. Throws HoopError `conflict` when somebody else wrote meanwhile: nothing is changed then. */
  write(change: PolicyWrite): Promise<number>;
  /** Newest first, at most `limit`. */
  history(limit: number): Promise<readonly PolicyHistoryEntry[]>;
  /** Called after each change by any replica, ours included. Returns the way to stop. */
  watch(listener: () => void): () => void;
}
