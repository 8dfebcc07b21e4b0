import type { Answer, TargetCredential } from "../protocol/index.js";
import { grantedRoles } from "../secrets/granted-roles.js";
import type { CredentialProvider, Lease } from "../secrets/lease.js";
import { type Connection, deadline, HoopError, hoopErrorFrom, type Subject } from "../vocabulary/index.js";
import { credentialFrom } from "./credential-from.js";
import type { SessionGate } from "./gate.js";

/** The credential of one session: had at most once, given back with it, even where it comes when the session is over. */
export class SessionLease {
  readonly #provider: CredentialProvider;
  readonly #connection: Connection;
  readonly #maxMs: number;
  readonly #rolesOf: (subject: Subject) => readonly string[] | null;
  /** What the rules granted when it was taken; undefined: it was not. */
  #roles: readonly string[] | null | undefined;
  #lease: Lease | null = null;
  #over = false;
  credential: TargetCredential = none;

  /** `rolesOf`: what rules grant a subject at the target now; null: they say nothing. */
  constructor(
    provider: CredentialProvider,
    connection: Connection,
    maxMs: number,
    rolesOf: (subject: Subject) => readonly string[] | null = () => null,
  ) {
    this.#rolesOf = rolesOf;
    this.#provider = provider;
    this.#connection = connection;
    this.#maxMs = maxMs;
  }

  /** Throws HoopError with words for the person. */
  async take(subject: Subject): Promise<void> {
    if (this.#lease !== null) return;
    // Before it is waited for: whoever loses a right meanwhile loses the session.
    this.#roles = this.#rolesOf(subject);
    const failed = "the credential for this connection could not be had";
    const lease = await this.#provider
      .lease(this.#connection, subject, deadline(this.#maxMs), this.#roles)
      .catch((error: unknown) => Promise.reject(hoopErrorFrom(error, failed)));
    if (this.#over) {
      await lease.release();
      throw new HoopError("cancelled", "the session is over");
    }
    this.#lease = lease;
    this.credential = credentialFrom(lease);
  }

  /** Whether it was had with other rights at the target than the subject has there now: such a session is over. */
  outdated(subject: Subject, connection: Connection): boolean {
    if (this.#roles === undefined) return false;
    const said = (at: Connection, roles: readonly string[] | null): string =>
      roles === null && at.credential?.users === "static" ? "" : JSON.stringify(grantedRoles(at, roles));
    return said(this.#connection, this.#roles) !== said(connection, this.#rolesOf(subject));
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
