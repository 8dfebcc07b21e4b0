import type { AgentId } from "../vocabulary/index.js";

/** An agent as it is kept. A name belongs to one agent that is not revoked; ids are never used again. */
export interface StoredAgent {
  readonly id: AgentId;
  readonly name: string;
  readonly createdAt: Date;
  readonly revoked: boolean;
  /** Of its newest certificate. */
  readonly certificateExpires: Date | null;
}

/** A join token to be kept: never the token itself. */
export interface JoinTokenDraft {
  readonly hash: Buffer;
  readonly agent: string;
  readonly uses: number;
  readonly expiresAt: Date;
  /** The subject who made it. */
  readonly by: string;
}

/** The agents' store, implemented in `storage/agents.ts`. */
export interface AgentStore {
  list(): Promise<readonly StoredAgent[]>;
  byId(id: AgentId): Promise<StoredAgent | null>;
  createJoinToken(draft: JoinTokenDraft): Promise<void>;
  /** Whom a token is for and, when that agent exists already, its id. Null: unknown, expired or used up. Uses nothing. */
  findJoinToken(hash: Buffer, now: Date): Promise<{ readonly agent: string; readonly id: AgentId | null } | null>;
  /**
   * Uses the token once and makes the agent if it is new, in one transaction. False when the token is not good any more, or
   * the name went to another id meanwhile.
   */
  enrol(enrolment: {
    readonly hash: Buffer;
    readonly now: Date;
    readonly id: AgentId;
    readonly certificateExpires: Date;
  }): Promise<boolean>;
  renewed(id: AgentId, certificateExpires: Date): Promise<void>;
  /** False: there is no such agent. Its unused join tokens go with it. */
  revoke(name: string): Promise<boolean>;
  /** Called within 500 ms after any replica changed an agent. Returns the way to stop. */
  watch(listener: () => void): () => void;
}
