import { type Connection, type Effect, type GrantSource, HoopError, type Subject } from "../vocabulary/index.js";
import { type AccessPorts, type AccessRequest, requestAccess, requestable } from "./access-requests.js";
import { createReviewClock } from "./clock.js";
import { createDesk } from "./create-desk.js";
import type { Rehearsal, RehearsalNotes, ReviewDesk } from "./desk.js";
import { createGrants, type Grants } from "./grants.js";
import { createReviewJournal, partyOf } from "./journal.js";
import { reviewLimits } from "./limits.js";
import type { FindPeople, RequestTerms, RevealTerms, ReviewLog, ReviewRecorder } from "./ports.js";
import { type RevealPorts, requestReveal, useReveal } from "./reveal-requests.js";
import type { RevealWish, Review, ReviewBody, ReviewComment } from "./review.js";
import { isRequester, mayBreakGlass, mayReview, missingWords, type Standing, standingOf } from "./standing.js";
import type { GrantFilter, ReviewFilter, ReviewStore, Seen, StoredGrant } from "./store.js";
import { noReview, peopleOf, take } from "./take.js";
import { createWaiting } from "./waiting.js";
import { plainWords } from "./words.js";

/** A review with what today's people make of it, for whoever looks. */
export interface ReviewView {
  readonly review: Review;
  readonly standing: Standing;
  /** What is missing, in words; empty: nothing, or it is over. */
  readonly missing: string;
  readonly can: {
    readonly approve: boolean;
    readonly deny: boolean;
    readonly breakGlass: boolean;
    readonly withdraw: boolean;
  };
  /** The store's clock. */
  readonly now: number;
}

/** Everything about reviews, for people. Who may see what is asked here; `all` is for those who may see everything. */
export interface Reviews {
  readonly desk: ReviewDesk & RehearsalNotes;
  readonly grants: GrantSource;
  /** Throws HoopError `not-found` for what the subject may not see, as for what is not there. */
  view(id: string, by: Subject, all: boolean): Promise<ReviewView>;
  list(filter: ReviewFilter, by: Subject): Promise<readonly ReviewView[]>;
  /** How many wait for a word of this subject. */
  toDecide(by: Subject): Promise<number>;
  body(id: string): Promise<ReviewBody>;
  comments(id: string): Promise<readonly ReviewComment[]>;
  rehearsal(id: string): Promise<Rehearsal | null>;
  decide(id: string, verdict: "approve" | "deny" | "break-glass", by: Subject, reason: string | null): Promise<Review>;
  withdraw(id: string, by: Subject): Promise<Review>;
  comment(id: string, by: Subject, text: string): Promise<ReviewComment>;
  /** Resolves when the review is not at this version any more, or when the time is up. */
  changed(id: string, version: number, signal: AbortSignal): Promise<void>;
  request(subject: Subject, request: AccessRequest): Promise<Review>;
  requestable(
    subject: Subject,
  ): readonly { readonly connection: Connection; readonly effects: readonly Effect[]; readonly maxMs: number }[];
  /** Asks for the value behind a token. Throws HoopError `invalid`, `denied` (no rule names who approves), `limited`. */
  requestReveal(subject: Subject, wish: RevealWish): Promise<Review>;
  /** Uses up an approval for exactly that; exactly one caller ever gets true. */
  useReveal(id: string, subject: Subject, matter: string): Promise<boolean>;
  /** What an approved request has become; null: nothing yet. */
  grant(id: string): Promise<StoredGrant | null>;
  listGrants(filter: GrantFilter): Promise<readonly StoredGrant[]>;
  /** By its subject, by whoever may approve such a request, and by those with `all`. Throws HoopError `not-found`, `conflict`. */
  endGrant(id: string, by: Subject, all: boolean): Promise<StoredGrant>;
  close(): void;
}

export interface ReviewsOptions {
  readonly store: ReviewStore;
  readonly people: FindPeople;
  readonly recorder: ReviewRecorder;
  readonly log: ReviewLog;
  readonly link: (id: string) => string;
  readonly connections: AccessPorts["connections"];
  readonly terms: RequestTerms;
  /** Absent: no values behind tokens can be asked for. */
  readonly revealTerms?: RevealTerms | undefined;
  /** Called when people's groups or states change: what waits is looked at again. Returns the way to stop. */
  readonly peopleChanged: (listener: () => void) => () => void;
  readonly now?: (() => number) | undefined;
}

/** @example const reviews = await createReviews({ store: createReviewStore(…), people, recorder, log, link, connections, terms, peopleChanged }); */
export async function createReviews(options: ReviewsOptions): Promise<Reviews> {
  const { store, people, log } = options;
  const journal = createReviewJournal(options.recorder, log);
  const acting = { store, people, journal };
  const access: AccessPorts = { ...acting, connections: options.connections, terms: options.terms };
  const revealing: RevealPorts = { ...acting, revealTerms: options.revealTerms ?? (() => null) };
  const waiting = createWaiting({ store, people, log });
  const grants: Grants = await createGrants({ store, journal, log, now: options.now ?? Date.now });
  const clock = createReviewClock({ ...acting, log });
  const watchers = new Set<() => void>();
  const stops = [
    store.watch(() => {
      waiting.refresh();
      clock.look();
      for (const wake of [...watchers]) wake();
    }),
    options.peopleChanged(() => waiting.refresh()),
    () => clock.close(),
    () => grants.close(),
  ];

  async function seen(id: string): Promise<Seen> {
    const found = await store.get(id);
    if (found === null) throw noReview(id);
    return found;
  }

  async function viewsOf(reviews: readonly Review[], now: number, by: Subject): Promise<ReviewView[]> {
    const found = await people([...new Set([...peopleOf(reviews), by.id])]);
    const self = found.get(by.id);
    return reviews.map((review) => {
      const standing = standingOf(review, found, now);
      const pending = review.state === "pending" && now < review.expiresAt;
      const reviewer = self !== undefined && mayReview(review, self, now);
      const said = review.decisions.some((one) => one.by.id === by.id && one.verdict === "approve");
      return {
        review,
        standing,
        missing: pending ? missingWords(standing) : "",
        can: {
          approve: pending && reviewer && !said,
          deny: reviewer && (pending || (review.state === "approved" && review.kind !== "access")),
          breakGlass: pending && self !== undefined && mayBreakGlass(review, self, found, now),
          withdraw: pending && isRequester(review, by.id),
        },
        now,
      };
    });
  }

  const mayDecideOn = (review: Review, by: Subject, now: number) =>
    mayReview(review, by, now) || review.decisions.some((one) => one.by.id === by.id);

  /** The next change of any review, or the end of the wait. */
  function nextChange(signal: AbortSignal) {
    let wake = () => {};
    const happened = new Promise<void>((resolve) => {
      wake = resolve;
    });
    watchers.add(wake);
    signal.addEventListener("abort", wake, { once: true });
    const forget = () => {
      watchers.delete(wake);
      signal.removeEventListener("abort", wake);
    };
    return { happened, forget };
  }

  const desk = createDesk({ ...acting, waiting, link: options.link, log });
  const reviews: Reviews = {
    desk,
    grants,
    async view(id, by, all) {
      const { review, now } = await seen(id);
      if (!all && !isRequester(review, by.id) && !mayDecideOn(review, by, now)) throw noReview(id);
      return (await viewsOf([review], now, by))[0]!;
    },
    async list(filter, by) {
      const { reviews: found, now } = await store.list(filter);
      return viewsOf(found, now, by);
    },
    async toDecide(by) {
      if (by.kind !== "person" || by.groups.length === 0) return 0;
      return store.count({ toDecide: { reviewer: by.id, groups: by.groups } });
    },
    async body(id) {
      const body = await store.body(id);
      if (body === null) throw noReview(id);
      return body;
    },
    comments: (id) => store.comments(id),
    rehearsal: (id) => store.rehearsal(id),
    decide: (id, verdict, by, reason) => take(acting, id, { kind: verdict, by, reason: wordsOf(reason) }),
    withdraw: (id, by) => take(acting, id, { kind: "withdraw", by: partyOf(by), why: "withdrawn" }),
    async comment(id, by, text) {
      journal.ready();
      const words = plainWords(text);
      if (words === "" || words.length > reviewLimits.comment)
        throw new HoopError("invalid", `a comment has 1 to ${reviewLimits.comment} characters`);
      const comment = await store.addComment(id, partyOf(by), words);
      if (comment === null) throw new HoopError("limited", `a review takes ${reviewLimits.comments} comments`);
      const { review } = await seen(id);
      await journal.review("commented", partyOf(by), review);
      return comment;
    },
    async changed(id, version, signal) {
      while (!signal.aborted) {
        // Listening comes first: a change while we read is not missed.
        const next = nextChange(signal);
        try {
          const found = await store.get(id);
          if (found === null || found.review.version !== version) return;
          await next.happened;
        } finally {
          next.forget();
        }
      }
    },
    request: (subject, request) =>
      requestAccess(access, subject, {
        ...request,
        reason: plainWords(request.reason),
        ticket: plainWords(request.ticket ?? "").replaceAll(/\s+/g, " ") || null,
      }),
    requestable: (subject) => requestable(access, subject),
    requestReveal: (subject, wish) => requestReveal(revealing, subject, { ...wish, reason: plainWords(wish.reason) }),
    useReveal: (id, subject, matter) => useReveal(revealing, desk, id, subject, matter),
    grant: (id) => store.grant(id),
    listGrants: (filter) => store.grants(filter),
    async endGrant(id, by, all) {
      const grant = await store.grant(id);
      const found = grant === null ? null : await store.get(id);
      const may =
        grant !== null &&
        (all || grant.subject.id === by.id || (found !== null && mayDecideOn(found.review, by, found.now)));
      if (!may)
        throw new HoopError("not-found", `there is no grant ${JSON.stringify(id.slice(0, 32))}`, {
          hint: "hoop access ls",
        });
      return grants.end(grant, by);
    },
    close() {
      for (const stop of stops) stop();
      for (const wake of [...watchers]) wake();
    },
  };
  return reviews;
}

function wordsOf(reason: string | null): string | null {
  const words = plainWords(reason ?? "");
  if (words.length > reviewLimits.reason)
    throw new HoopError("invalid", `a reason has up to ${reviewLimits.reason} characters`);
  return words === "" ? null : words;
}
