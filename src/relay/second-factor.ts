import type { OpenedChallenge } from "../identity/freshness.js";
import type { Waiting } from "../protocol/index.js";
import {
  type ChallengeTerms,
  type HoopError,
  hoopErrorFrom,
  type SessionId,
  type SubjectId,
} from "../vocabulary/index.js";
import type { PeoplePorts } from "./context.js";
import { challengeText, type Refused, refused } from "./held-words.js";
import { within } from "./within.js";

export interface FactorWait {
  readonly subject: SubjectId;
  readonly connection: string;
  readonly session: SessionId;
  readonly shown: string | null;
  readonly terms: readonly ChallengeTerms[];
  /** It was answered, or answers were taken back: to be decided again. */
  readonly changed: () => void;
  readonly refuse: (why: Refused) => void;
  readonly waits: (waiting: Waiting) => void;
}

/** Asks a subject for the second factor and waits. Answers the way to stop waiting. */
export function waitForFactor(people: PeoplePorts, wait: FactorWait): () => void {
  const { terms } = wait;
  let over = false;
  let opened: OpenedChallenge | null = null;
  let timer: NodeJS.Timeout | undefined;
  // Before it is opened: an answer in between is not missed.
  const unwatch = people.freshness.watch(wait.subject, () => over || wait.changed());
  const stop = (): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    unwatch();
    opened?.close();
  };
  const expiresMs = Math.min(...terms.map((one) => one.expiresMs));
  const { subject, connection, session, shown } = wait;
  within(people.challenges.open({ subject, connection, session, shown, expiresMs }), (late) => late.close()).then(
    (challenge) => {
      if (over) return challenge.close();
      opened = challenge;
      timer = setTimeout(() => {
        stop();
        wait.refuse(
          refused(
            terms,
            "challenge-expired",
            "your second factor was not answered in time",
            "Run it again to be asked.",
          ),
        );
      }, expiresMs);
      wait.waits({
        for: "challenge",
        text: challengeText(terms, challenge.id),
        link: challenge.link,
        id: challenge.id,
        until: Date.now() + expiresMs,
      });
    },
    (error: unknown) => {
      if (over) return;
      stop();
      wait.refuse(failed(terms, hoopErrorFrom(error)));
    },
  );
  return stop;
}

function failed(terms: readonly ChallengeTerms[], error: HoopError): Refused {
  const code = error.code === "limited" ? "challenge-limited" : "challenge-unavailable";
  return refused(terms, code, `this needs your second factor, and ${error.message}`, error.hint);
}
