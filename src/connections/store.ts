import type { Connection, ConnectionId } from "../vocabulary/index.js";

/** Where connections live. Every write is told to all replicas with its commit. */
export interface ConnectionStore {
  list(): Promise<readonly Connection[]>;
  get(id: ConnectionId): Promise<Connection | null>;
  /** When each was made. */
  createdAt(ids: readonly ConnectionId[]): Promise<ReadonlyMap<ConnectionId, Date>>;
  /** Its version is 1. Throws HoopError `conflict`: the name is taken. */
  create(connection: Connection): Promise<void>;
  /** Replaces exactly the version before `connection.version`; false: somebody else was faster, or it is gone. */
  replace(connection: Connection): Promise<boolean>;
  remove(id: ConnectionId): Promise<boolean>;
  /** Tells all replicas that something outside of the row (its credential) changed: the version ascends. */
  touch(id: ConnectionId): Promise<void>;
  watch(listener: () => void): () => void;
}
