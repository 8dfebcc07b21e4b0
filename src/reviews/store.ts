import type {
  ConnectionId,
  Effect,
  HoldTerms,
  SessionId,
  StatementId,
  Subject,
  SubjectId,
} from "../vocabulary/index.js";
import type { BindingDigest, Rehearsal } from "./desk.js";
import type { Party, Review, ReviewBody, ReviewComment, ReviewHead, ReviewKind } from "./review.js";

/** A review to be opened. */
export interface ReviewDraft {
  readonly id: string;
  readonly kind: ReviewKind;
  readonly requester: Party & { readonly kind: Subject["kind"] };
  readonly onBehalfOf: Party | null;
  readonly connections: Review["connections"];
  readonly session: SessionId | null;
  readonly statement: StatementId | null;
  readonly digest: BindingDigest;
  readonly terms: readonly HoldTerms[];
  readonly head: ReviewHead;
  readonly body: ReviewBody;
}

/** What was read, and the store's clock when it was. */
export interface Seen {
  readonly review: Review;
  readonly now: number;
}

export interface Opened extends Seen {
  /** False: it was there already, and is taken up. */
  readonly made: boolean;
  /** One that was open for the same thing under other rules; it was ended. */
  readonly superseded: Review | null;
}

export interface ReviewFilter {
  /** Asked by this subject, or by a machine for it. */
  readonly requester?: SubjectId | undefined;
  /** Pending, decidable by somebody of these groups, and not asked by `reviewer`, nor answered yet. */
  readonly toDecide?: { readonly reviewer: SubjectId; readonly groups: readonly string[] } | undefined;
  readonly states?: readonly Review["state"][] | undefined;
  readonly kind?: ReviewKind | undefined;
  readonly connection?: string | undefined;
  /** Older than this one. */
  readonly before?: { readonly openedAt: number; readonly id: string } | undefined;
  readonly limit: number;
}

/** A grant with what people ask about it. */
export interface StoredGrant {
  readonly id: string;
  readonly subject: Party;
  readonly connections: readonly { readonly id: ConnectionId; readonly name: string }[];
  readonly effects: readonly Effect[];
  readonly ticket: string | null;
  readonly since: number;
  readonly until: number;
  readonly ended: {
    readonly at: number;
    readonly by: string | null;
    readonly why: "over" | "revoked" | "returned";
  } | null;
}

export interface GrantFilter {
  readonly subject?: SubjectId | undefined;
  /** Only those in force. */
  readonly live: boolean;
  readonly before?: { readonly since: number; readonly id: string } | undefined;
  readonly limit: number;
}

/**
 * Where reviews live. What people wrote and what was held is sealed there. Every write is told to all replicas with its
 * commit. All throw HoopError `unavailable` when the store is away.
 */
export interface ReviewStore {
  /**
   * Opens a review, or takes up the same requester's open one for the same digest and terms. Counts one more that waits,
   * unless it is of kind `access`. Throws HoopError `limited`.
   */
  open(draft: ReviewDraft): Promise<Opened>;
  get(id: string): Promise<Seen | null>;
  several(ids: readonly string[]): Promise<{ readonly reviews: readonly Review[]; readonly now: number }>;
  /** Newest first. */
  list(filter: ReviewFilter): Promise<{ readonly reviews: readonly Review[]; readonly now: number }>;
  count(filter: Omit<ReviewFilter, "limit" | "before">): Promise<number>;
  body(id: string): Promise<ReviewBody | null>;
  /** Keeps `after` if `before` is still what is kept; with a grant, both or neither. Answers its version; null: somebody was faster. */
  change(before: Review, after: Review, grant: StoredGrant | null): Promise<number | null>;
  /**
   * Approved → used, in one statement that looks at digest, version and the store's own clock again. Exactly one caller
   * ever gets true.
   */
  consume(id: string, digest: BindingDigest, version: number): Promise<boolean>;
  /** Whether the digest is the one that it was opened with. */
  isFor(id: string, digest: BindingDigest): Promise<boolean>;
  /** One client waits no more. Answers how many still do. */
  leave(id: string): Promise<number>;

  comments(id: string): Promise<readonly ReviewComment[]>;
  /** Null: there are as many as there may be. */
  addComment(id: string, by: Party, text: string): Promise<ReviewComment | null>;
  rehearsal(id: string): Promise<Rehearsal | null>;
  /** False: it is not pending. */
  putRehearsal(id: string, rehearsal: Rehearsal): Promise<boolean>;

  /** Those whose time has come, a bounded number; and when the next comes, in milliseconds from now (null: none is open). */
  due(): Promise<{ readonly reviews: readonly Review[]; readonly now: number; readonly nextMs: number | null }>;

  grant(id: string): Promise<StoredGrant | null>;
  /** Newest first. */
  grants(filter: GrantFilter): Promise<readonly StoredGrant[]>;
  /** All that are in force, and the store's clock. */
  liveGrants(): Promise<{ readonly grants: readonly StoredGrant[]; readonly now: number }>;
  /** Null: it is over already, or there is none. */
  endGrant(id: string, by: string | null, why: "revoked" | "returned"): Promise<StoredGrant | null>;
  /** Ends those whose time is over; each is answered to one replica only. */
  endDueGrants(): Promise<readonly StoredGrant[]>;

  /** Removes what ended long ago. */
  sweep(): Promise<void>;
  /** Called after each change by any replica, ours included, within 500 ms. Returns the way to stop. */
  watch(listener: () => void): () => void;
}
