import type { Connection } from "../vocabulary/index.js";

/** Host keys of targets, kept from the first time that they were seen. */
export interface TargetKeys {
  /** For where the connection leads now: another host or port is another target. Null: never seen. */
  known(connection: Connection): Promise<readonly string[] | null>;
  /** Keeps the first; false: somebody else's was kept meanwhile, and differs. */
  learn(connection: Connection, key: string): Promise<boolean>;
}
