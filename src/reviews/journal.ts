import { HoopError, type Subject } from "../vocabulary/index.js";
import type { ReviewEntry, ReviewLog, ReviewRecorder } from "./ports.js";
import type { Party, Review } from "./review.js";
import type { StoredGrant } from "./store.js";

/** Every step of a review and a grant, as an entry of the recording. */
export interface ReviewJournal {
  /** Throws HoopError `unavailable` when nothing can be recorded now: then nothing may be decided either. */
  ready(): void;
  /** Resolves when it is written. Throws HoopError when it was not. */
  review(what: string, by: Party | null, review: Review, more?: Readonly<Record<string, unknown>>): Promise<void>;
  grant(what: string, by: Party | null, grant: StoredGrant, more?: Readonly<Record<string, unknown>>): Promise<void>;
}

export function createReviewJournal(recorder: ReviewRecorder, log: ReviewLog): ReviewJournal {
  const write = (entry: ReviewEntry): Promise<void> =>
    new Promise((resolve, reject) => {
      recorder.append(entry, (error) => {
        if (error === null) return resolve();
        log.error({ err: error, what: entry.what, target: entry.target }, "a step of a review could not be recorded");
        reject(error);
      });
    });
  return {
    ready() {
      if (recorder.healthy()) return;
      throw new HoopError("unavailable", "decisions cannot be recorded now, so none are taken", {
        hint: "is the gateway's disk full? see its log",
      });
    },
    review: (what, by, review, more = {}) =>
      write({
        kind: "change",
        actor: actor(by ?? review.requester, by === null),
        what: `review.${what}`,
        target: review.id,
        before: null,
        after: { ...told(review), ...more },
      }),
    grant: (what, by, grant, more = {}) =>
      write({
        kind: "change",
        actor: actor(by ?? grant.subject, by === null),
        what: `grant.${what}`,
        target: grant.id,
        before: null,
        after: { ...toldGrant(grant), ...more },
      }),
  };
}

/** What happened by the clock is Hoop's own, on behalf of who asked. */
const actor = (by: Party, system: boolean) => ({ subject: by.id, name: by.name, ...(system ? { system } : {}) });

export const partyOf = ({ id, name }: Pick<Subject, "id" | "name">): Party => ({ id, name });

/** Of a review, what may stand in every export. */
function told(review: Review): Record<string, unknown> {
  const { kind, requester, onBehalfOf, connections, session, statement, terms, state, ending } = review;
  const { reveal } = review.head;
  return {
    kind,
    requester: requester.name,
    ...(onBehalfOf === null ? {} : { onBehalfOf: onBehalfOf.name }),
    connections: connections.map(({ name }) => name),
    ...(session === null ? {} : { session }),
    ...(statement === null ? {} : { statement }),
    ...(reveal === undefined
      ? {}
      : { purpose: reveal.purpose, ...(reveal.column === null ? {} : { column: reveal.column }) }),
    rules: terms.map(({ rule }) => rule),
    state,
    ...(ending === null ? {} : { ending: ending.why }),
  };
}

function toldGrant({ subject, connections, effects, ticket, since, until }: StoredGrant): Record<string, unknown> {
  return {
    subject: subject.name,
    connections: connections.map(({ name }) => name),
    effects,
    ...(ticket === null ? {} : { ticket }),
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
  };
}
