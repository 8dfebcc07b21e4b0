import { randomInt } from "node:crypto";
import { HoopError, type Subject, type SubjectId } from "../../vocabulary/index.js";
import type { Challenges } from "../freshness.js";
import type { LiveFreshness } from "../live-freshness.js";
import type { Owner } from "./factors.js";
import type { AuthenticationOptions, Passkeys, Site } from "./passkeys.js";
import type { FactorAnswer, Proof, Proofs } from "./proofs.js";
import type { FactorStore, StoredChallenge } from "./store.js";

/** What an answer is for: one challenge, a connection before it asks, or (null, null) the account itself. */
export interface StepUpAim {
  readonly challenge: string | null;
  readonly connection: string | null;
}

/** Answering a second factor while signed in. */
export interface StepUps extends Challenges {
  /** Throws HoopError `not-found`: there is none, or it is somebody else's; nobody learns which. */
  look(id: string, subject: SubjectId): Promise<StoredChallenge>;
  /** Those of the subject that can be answered, newest first. */
  list(subject: SubjectId): Promise<readonly StoredChallenge[]>;
  options(owner: Owner, aim: StepUpAim, site: Site): Promise<AuthenticationOptions>;
  /** Freshness is known on this replica when it resolves. Throws HoopError `unauthenticated`, `not-found`, `conflict`, `limited`. */
  answer(
    owner: Owner,
    aim: StepUpAim,
    answer: FactorAnswer,
    address: string,
  ): Promise<Proof & { readonly connection: string | null; readonly challenge: StoredChallenge | null }>;
}

// As in user codes: no vowels, nothing read as another.
const letters = "BCDFGHJKLMNPQRSTVWXZ";
const idShape = /^[BCDFGHJKLMNPQRSTVWXZ]{5}-[BCDFGHJKLMNPQRSTVWXZ]{5}$/;
const mostPending = 50;
const mostShown = 4_096;
const longestMs = 24 * 3_600_000;

export function createStepUps(options: {
  readonly store: FactorStore;
  readonly passkeys: Passkeys;
  readonly proofs: Proofs;
  readonly freshness: LiveFreshness;
  readonly log: { warn(fields: object, text: string): void };
  /** The page of a challenge. */
  readonly link: (id: string) => string;
  readonly now: () => number;
}): StepUps {
  const { store, passkeys, proofs, freshness, log, now } = options;

  async function look(typed: string, subject: SubjectId): Promise<StoredChallenge> {
    const id = challengeId(typed);
    const found = id === null ? null : await store.challenge(id, subject);
    if (found === null)
      throw new HoopError("not-found", "no question of this name waits for you", {
        hint: "it may be over; the program that asked can be started again",
      });
    return found;
  }

  /** The connection that is answered for. */
  async function aimed(owner: Owner, aim: StepUpAim) {
    if (aim.challenge === null) return { challenge: null, connection: aim.connection };
    const challenge = await look(aim.challenge, owner.subject.id);
    if (challenge.state !== "pending") throw over(challenge.state);
    return { challenge, connection: challenge.connection };
  }

  return {
    async open(request) {
      const { factors } = await store.summary(request.subject);
      if (factors.length === 0)
        throw new HoopError("precondition-failed", "you have no second factor", {
          hint: "hoop mfa enrol",
        });
      const id = mintChallengeId();
      const expires = new Date(now() + Math.min(request.expiresMs, longestMs));
      const opened = await store.openChallenge(
        {
          id,
          subject: request.subject,
          connection: request.connection,
          session: request.session,
          shown: request.shown === null ? null : clipped(request.shown),
          expiresAt: expires,
        },
        mostPending,
      );
      if (!opened)
        throw new HoopError("limited", `${mostPending} questions wait for you already`, { hint: "hoop mfa" });
      return {
        id,
        link: options.link(id),
        expires,
        close: () => {
          store.closeChallenge(id).catch((error: unknown) => log.warn({ err: error }, "a challenge was not closed"));
        },
      };
    },
    look,
    list: (subject) => store.challenges(subject),

    async options(owner, aim, site) {
      await aimed(owner, aim);
      return passkeys.authenticationOptions("step-up", owner.subject.id, boundTo(owner, aim), site);
    },

    async answer(owner, aim, answer, address) {
      onlyPeople(owner.subject);
      const { challenge, connection } = await aimed(owner, aim);
      const question = { subject: owner.subject.id, purpose: "step-up" as const, bound: boundTo(owner, aim), address };
      const proof = await proofs.check(question, answer);
      if (!(await store.answered(owner.subject.id, connection, challenge?.id ?? null))) throw over("closed");
      if (connection === null) await store.proveLogin(owner.login, "factor");
      await freshness.settled();
      return { ...proof, connection, challenge };
    },
  };
}

export function mintChallengeId(): string {
  const text = Array.from({ length: 10 }, () => letters[randomInt(letters.length)]).join("");
  return `${text.slice(0, 5)}-${text.slice(5)}`;
}

/** As people type it; null: it cannot be one. */
export function challengeId(typed: string): string | null {
  const plain = typed.slice(0, 64).toUpperCase().replaceAll(/[\s-]/g, "");
  const id = `${plain.slice(0, 5)}-${plain.slice(5)}`;
  return idShape.test(id) ? id : null;
}

/** An answer to one question is not an answer to another one. */
function boundTo({ login }: Owner, { challenge, connection }: StepUpAim): string {
  return `step-up ${JSON.stringify([login, challenge === null ? null : challengeId(challenge), connection])}`;
}

function over(state: StoredChallenge["state"]): HoopError {
  return state === "answered"
    ? new HoopError("conflict", "this question was answered already")
    : new HoopError(
        "conflict",
        state === "expired" ? "this question has expired" : "nobody waits for this answer any more",
        {
          hint: "start again what asked for it",
        },
      );
}

function onlyPeople(subject: Subject): void {
  if (subject.kind !== "person") throw new HoopError("denied", "only people answer second factors");
}

function clipped(text: string): string {
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)} …`;
}
