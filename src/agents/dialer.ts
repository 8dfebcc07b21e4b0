import type { Pipe } from "../transport/pipe.js";

/** Reaches targets through the agents that are connected to this replica. */
export interface AgentDialer {
  /**
   * Has the named agent dial `host:port` and answers the lane's pipe. Throws HoopError: `unavailable` (no such agent
   * connected, target unreachable: says which), `denied` (its allow-list), `timeout`.
   */
  dial(agent: string, host: string, port: number, signal: AbortSignal): Promise<Pipe>;
  list(): readonly {
    readonly name: string;
    readonly version: string;
    readonly connectedAt: Date;
    readonly lanes: number;
    readonly draining: boolean;
  }[];
  /** Called when an agent comes or goes. */
  watch(listener: () => void): () => void;
}
