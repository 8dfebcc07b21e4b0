import type { ChainId, SessionId } from "../vocabulary/index.js";
import type { ChainTip } from "./entry.js";
import type { ChainPoint, SignedHead } from "./head.js";
import type { NewEntry } from "./new-entry.js";

export interface StoredEntry {
  readonly seq: number;
  /** SHA-256 of the body, hex. */
  readonly hash: string;
  /** Exactly as journalled. */
  readonly body: string;
}

export interface StoredPayload {
  /** The commitment, hex. */
  readonly hash: string;
  /** Of the content. */
  readonly bytes: number;
  readonly sealed: Uint8Array;
}

/** A small payload on its way to a store, with the number of the entry that refers to it: there it is found again. */
export interface NewPayload extends StoredPayload {
  readonly seq: number;
}

/** What the feeder hands over at once. Payloads belong to its entries. */
export interface RecordingBatch {
  readonly chain: ChainId;
  /** In order, without gaps. */
  readonly entries: readonly NewEntry[];
  /** In the order of their entries. */
  readonly payloads: readonly NewPayload[];
  readonly heads: readonly SignedHead[];
}

/** One session as its entries tell it. */
export interface SessionSummary {
  readonly session: string;
  readonly subject: string;
  readonly name: string;
  readonly connection: string;
  readonly protocol: string;
  readonly from: string;
  readonly started: Date;
  /** Null: open still, or its gateway was killed. */
  readonly ended: Date | null;
  readonly endReason: string | null;
  readonly refused: boolean;
  readonly statements: number;
  readonly verdicts: {
    readonly allow: number;
    readonly deny: number;
    readonly hold: number;
    readonly challenge: number;
  };
}

export interface SessionFilter {
  readonly subject?: string | undefined;
  /** Those of one subject, and those that began on these connections since then; absent: all. */
  readonly within?:
    | { readonly own: string; readonly connections: readonly { readonly name: string; readonly since: Date }[] }
    | undefined;
  readonly connection?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly open?: boolean | undefined;
}

/** A page's end, to be given back for the next one; null: there is no more. */
export type PageMark = string | null;

export interface RecordingStore {
  /**
   * Appends in one transaction. What it has already is skipped; entries that do not follow what it has, or differ from
   * it, are refused with HoopError `conflict` and nothing is written.
   */
  append(batch: RecordingBatch): Promise<void>;
  /** A large payload's head and chunks; again after a crash is fine. */
  putLarge(payload: StoredPayload, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  tip(chain: ChainId): Promise<ChainTip | null>;
  /** All chains there are, with where each stands. */
  chains(): Promise<readonly ChainPoint[]>;
  /** Entries of one chain after `after`, in order. */
  entries(chain: ChainId, after: number, limit: number): Promise<readonly StoredEntry[]>;
  /** Signed heads, oldest first, after the mark. */
  heads(mark: PageMark, limit: number): Promise<{ readonly heads: readonly SignedHead[]; readonly next: PageMark }>;
  /** The newest head of each chain. */
  newestHeads(): Promise<readonly SignedHead[]>;
  session(session: SessionId): Promise<SessionSummary | null>;
  /** Newest first. */
  sessions(
    filter: SessionFilter,
    mark: PageMark,
    limit: number,
  ): Promise<{ readonly sessions: readonly SessionSummary[]; readonly next: PageMark }>;
  /** In the order in which they were recorded. */
  sessionEntries(
    session: SessionId,
    mark: PageMark,
    limit: number,
  ): Promise<{ readonly entries: readonly StoredEntry[]; readonly next: PageMark }>;
  /** Analyses that entries describe, as text, by hash; see docs/audit.md. What is not there is left out. */
  analyses(hashes: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Administrative acts and other entries of no session, newest first. */
  changes(
    mark: PageMark,
    limit: number,
  ): Promise<{ readonly entries: readonly StoredEntry[]; readonly next: PageMark }>;
  /**
   * A payload by its commitment and the place of the entry that refers to it. Null: never stored, or deleted by retention.
   * Large payloads come with their chunks.
   */
  payload(
    hash: string,
    entry: { readonly chain: string; readonly seq: number },
  ): Promise<{ readonly sealed: Uint8Array; readonly chunks: readonly Uint8Array[]; readonly bytes: number } | null>;
  /**
   * Deletes sealed payloads recorded before then; entries and so the chain stay. Returns how many: less than `limit` when
   * there are no more.
   */
  deletePayloads(before: Date, limit: number): Promise<number>;
}
