import type { ConnectionId, SessionId, SubjectId } from "../vocabulary/index.js";

/** A session that is open somewhere. */
export interface LiveSession {
  readonly id: SessionId;
  /** The gateway replica that serves it. UUID. */
  readonly replica: string;
  readonly subject: { readonly id: SubjectId; readonly name: string };
  readonly connection: { readonly id: ConnectionId; readonly name: string };
  readonly protocol: string;
  /** Where the client came from. */
  readonly from: string;
  readonly startedAt: Date;
}

export interface SessionFilter {
  readonly subject?: SubjectId | undefined;
  readonly connection?: string | undefined;
  /** Those of one subject, and those on these connections; absent: all. */
  readonly within?:
    | { readonly own: SubjectId; readonly connections: readonly { readonly name: string; readonly since: Date }[] }
    | undefined;
  /** Sessions older than this one, for paging; newest first. */
  readonly before?: { readonly startedAt: Date; readonly id: SessionId } | undefined;
  readonly limit: number;
}

export interface Kill {
  readonly session: SessionId;
  readonly by: string;
  readonly reason: string;
}

/** What replicas tell each other about open sessions. */
export interface SessionStore {
  /**
   * One step: what began, what ended, and that this replica lives. False: the replica had been given up (it was cut off
   * for long), and all of its sessions with it; they are to be told again.
   */
  sync(replica: string, began: readonly LiveSession[], ended: readonly SessionId[]): Promise<boolean>;
  /** Of replicas that were seen lately only: a dead one's sessions are over. */
  list(filter: SessionFilter): Promise<readonly LiveSession[]>;
  get(id: SessionId): Promise<LiveSession | null>;
  addKill(kill: Kill): Promise<void>;
  /** Kills of the last minutes for any of these. */
  kills(sessions: readonly SessionId[]): Promise<readonly Kill[]>;
  /** This replica is gone, with all its sessions. */
  leave(replica: string): Promise<void>;
  watch(listener: () => void): () => void;
}
