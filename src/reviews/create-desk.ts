import { HoopError, hoopErrorFrom, type Subject } from "../vocabulary/index.js";
import type { Held, HoldRequest, RehearsalNotes, ReviewDesk } from "./desk.js";
import { headOf } from "./head.js";
import { partyOf } from "./journal.js";
import { reviewLimits } from "./limits.js";
import type { ReviewLog } from "./ports.js";
import type { ReviewBody } from "./review.js";
import { newReviewId } from "./review-id.js";
import { standingOf } from "./standing.js";
import type { ReviewDraft } from "./store.js";
import { type ActPorts, peopleOf, take } from "./take.js";
import type { Waiting } from "./waiting.js";

export interface DeskPorts extends ActPorts {
  readonly waiting: Waiting;
  /** Where people decide on it. */
  readonly link: (id: string) => string;
  readonly log: ReviewLog;
}

/** Tries of one use against changes that come at the same moment. */
const tries = 8;

/** The desk of this replica; every replica's desk is the same desk. */
export function createDesk(ports: DeskPorts): ReviewDesk & RehearsalNotes {
  const { store, journal, log } = ports;

  /** Closes what nobody waits for any more. */
  async function leave(id: string, subject: Subject, why: Parameters<Held["leave"]>[0]): Promise<void> {
    const left = await store.leave(id);
    // Who was thrown out by a restart comes back for the same approval; and another client may wait for the same thing.
    if (why === "restarted" || left > 0) return;
    await take(ports, id, { kind: "withdraw", by: partyOf(subject), why }).catch((error: unknown) => {
      if (hoopErrorFrom(error).code !== "conflict") throw error;
    });
  }

  return {
    async hold(request, changed) {
      if (request.terms.length === 0) throw new HoopError("internal", "a rule holds this without saying who decides");
      journal.ready();
      const { review, made, superseded } = await store.open(draftFrom(request));
      if (superseded !== null) await journal.review(superseded.state, null, superseded);
      await journal.review(made ? "requested" : "taken-up", partyOf(request.subject), review, {
        ...(request.session === null ? {} : { session: request.session }),
        ...(request.statement === null ? {} : { statement: request.statement }),
      });
      const stop = ports.waiting.add(review.id, changed);
      let here = true;
      return {
        id: review.id,
        link: ports.link(review.id),
        expiresAt: review.expiresAt,
        leave(why) {
          if (!here) return;
          here = false;
          stop();
          leave(review.id, request.subject, why).catch((error: unknown) =>
            log.warn({ err: error, review: review.id }, "a review whose client has left stays open until it expires"),
          );
        },
      };
    },

    async consume(id, digest) {
      try {
        return await use(id, digest);
      } catch (error) {
        // Whoever cannot be sure has no approval.
        log.error({ err: error, review: id }, "an approval could not be used");
        return false;
      }
    },

    async rehearsed(id, rehearsal) {
      if (JSON.stringify(rehearsal).length > reviewLimits.rehearsal)
        return new HoopError("too-large", "the rehearsal is larger than what reviewers are shown");
      try {
        if (await store.putRehearsal(id, rehearsal)) return;
        return new HoopError("conflict", `review ${id} does not wait for a decision any more`);
      } catch (error) {
        return hoopErrorFrom(error);
      }
    },
  };

  async function use(id: string, digest: string): Promise<boolean> {
    journal.ready();
    for (let attempt = 0; attempt < tries; attempt++) {
      const seen = await store.get(id);
      if (seen === null || seen.review.state !== "approved" || seen.review.kind === "access") return false;
      const people = await ports.people(peopleOf([seen.review]));
      if (!standingOf(seen.review, people, seen.now).met) {
        // Somebody who approved has lost the right to since.
        if (await store.isFor(id, digest)) await take(ports, id, { kind: "check" });
        return false;
      }
      if (await store.consume(id, digest, seen.review.version)) {
        const glass = seen.review.decisions.some(({ verdict }) => verdict === "break-glass");
        const used = { ...seen.review, state: "used" as const };
        await journal.review("used", seen.review.requester, used, glass ? { breakGlass: true } : {});
        return true;
      }
      if (!(await store.isFor(id, digest))) return false;
    }
    return false;
  }
}

function draftFrom(request: HoldRequest): ReviewDraft {
  const { subject, onBehalfOf, connection, session, statement, digest, terms } = request;
  const body: ReviewBody = { text: request.text, values: request.values, transaction: request.transaction };
  return {
    id: newReviewId(),
    kind: request.run !== undefined ? "run" : statement === null ? "session" : "statement",
    requester: { ...partyOf(subject), kind: subject.kind },
    // Acting for oneself is acting for nobody else.
    onBehalfOf: onBehalfOf === null || onBehalfOf.id === subject.id ? null : partyOf(onBehalfOf),
    connections: [{ id: connection.id, name: connection.name }],
    session,
    statement,
    digest,
    terms,
    head: headOf(body, { ...request, wish: null }),
    body,
  };
}
