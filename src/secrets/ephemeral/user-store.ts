import type { ConnectionId } from "../../vocabulary/index.js";

/** A user that was made at a target for one session, or is about to be. */
export interface EphemeralUser {
  /** UUID */
  readonly id: string;
  /** Where it was made: the connection's own id, or its primary's. */
  readonly place: ConnectionId;
  /** What the session is for. */
  readonly connection: string;
  readonly name: string;
  /** Who gets what it owned. */
  readonly heir: string;
  readonly subject: { readonly id: string; readonly name: string };
  readonly madeAt: Date;
}

/** What was made and has to be removed, written down before it is made. Shared by all replicas. */
export interface EphemeralUserStore {
  add(user: EphemeralUser, replica: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** This replica lives and looks after what it made. */
  beat(replica: string): Promise<void>;
  /** Takes over users of replicas that have not been heard of for a while, at most `limit`. */
  takeOver(replica: string, limit: number): Promise<readonly EphemeralUser[]>;
  /** Of all replicas, oldest first. */
  list(limit: number): Promise<readonly EphemeralUser[]>;
  /** This replica stops; what it has not removed is for others. */
  leave(replica: string): Promise<void>;
}
