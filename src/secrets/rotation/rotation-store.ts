import type { ConnectionId } from "../../vocabulary/index.js";

/** Who changes which stored password, told to all replicas by their store. */
export interface RotationStore {
  /** False: somebody else does, and has not been silent for long. */
  claim(connection: { readonly id: ConnectionId; readonly name: string }, replica: string): Promise<boolean>;
  /** `problem`: it failed, and why; null: it is done. */
  finish(connection: ConnectionId, problem: string | null): Promise<void>;
  /** When each was changed last. */
  changed(): Promise<ReadonlyMap<ConnectionId, Date>>;
}
