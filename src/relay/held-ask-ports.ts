import type { Decision, PolicySource } from "../policy/policy.js";
import type { ExpectedEffect, Waiting, WithdrawReason } from "../protocol/index.js";
import type { Analysis, HoopError } from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { Considered, Standing } from "./considered.js";
import type { PeoplePorts } from "./context.js";
import type { Refused } from "./held-words.js";
import type { SessionTrail } from "./session-trail.js";

/** What one ask that waits has of its gate. */
export interface HeldAskPorts {
  readonly people: PeoplePorts;
  readonly policy: Pick<PolicySource, "watch">;
  readonly asker: Asker;
  readonly trail: SessionTrail;
  readonly shown: string | null;
  /** Of the ask that this one repeats. */
  readonly before: Standing | null;
  /** Reads and decides anew, with the catalogue as it is now. */
  consider(done: (result: Considered | Refused) => void): void;
  /** Decides anew on what was read. */
  decide(considered: Considered): Considered;
  /** Writes down that it waits. */
  record(decision: Decision, analysis: Analysis, done: (error: HoopError | null) => void): void;
  /** Writes down that nobody waits any more. */
  withdrawn(why: WithdrawReason): void;
  refuse(why: Refused, analysis: Analysis | null): void;
  forward(
    considered: Considered,
    decision: Decision,
    standing: Standing | null,
    expects?: ExpectedEffect | undefined,
  ): void;
  waits(waiting: Waiting): void;
}
