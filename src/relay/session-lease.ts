import type { Answer, TargetCredential } from "../protocol/index.js";
import type { CredentialProvider, Lease } from "../secrets/lease.js";
import { type Connection, HoopError, hoopErrorFrom, type Subject } from "../vocabulary/index.js";
import { credentialFrom } from "./credential-from.js";
import type { SessionGate } from "./gate.js";

/** The credential of one session: had at most once, given back with it, even where it comes when the session is over. */
export class SessionLease {
  readonly #provider: CredentialProvider;
  readonly #connection: Connection;
  readonly #maxMs: number;
  #lease: Lease | null = null;
  #over = false;
  credential: TargetCredential = none;

  constructor(provider: CredentialProvider, connection: Connection, maxMs: number) {
    this.#provider = provider;
    this.#connection = connection;
    this.#maxMs = maxMs;
  }

  /** Throws HoopError with words for the person. */
  async take(subject: Subject): Promise<void> {
    if (this.#lease !== null) return;
    const failed = "the credential for this connection could not be had";
    const lease = await this.#provider
      .lease(this.#connection, subject, AbortSignal.timeout(this.#maxMs))
      .catch((error: unknown) => Promise.reject(hoopErrorFrom(error, failed)));
    if (this.#over) {
      await lease.release();
      throw new HoopError("cancelled", "the session is over");
    }
    this.#lease = lease;
    this.credential = credentialFrom(lease);
  }

  /** Makes sure that it is still good. */
  async renew(): Promise<void> {
    await this.#lease?.renew?.();
  }

  /** Nothing may log in by it any more. */
  withhold(): void {
    this.credential = none;
  }

  async release(): Promise<void> {
    this.#over = true;
    this.credential = none;
    const lease = this.#lease;
    this.#lease = null;
    await lease?.release();
  }
}

const none: TargetCredential = { user: "", secret: null };

/** A gate whose access waits for people: its credential is had when they have allowed it, and not before. */
export function leasedWhenAllowed(gate: SessionGate, take: () => Promise<void>): SessionGate {
  return {
    ...gate,
    get statements() {
      return gate.statements;
    },
    judge(id, ask, answer, waits) {
      if (ask.phase !== "connect") return gate.judge(id, ask, answer, waits);
      const allowed = (given: Answer): void => {
        if (given.outcome !== "allow") return answer(given);
        take().then(
          () => answer(given),
          (error: unknown) => {
            const { message: text, hint } = hoopErrorFrom(error);
            const reasons = [{ rule: null, code: "no-credential", text }];
            answer({ outcome: "deny", reasons, analysis: given.analysis, hint });
          },
        );
      };
      gate.judge(id, ask, allowed, waits);
    },
  };
}
