import type { KeyObject } from "node:crypto";
import { sql } from "kysely";
import type { Rehearsal } from "../reviews/desk.js";
import { reviewLimits } from "../reviews/limits.js";
import type { ReviewBody } from "../reviews/review.js";
import type { ReviewStore } from "../reviews/store.js";
import type { KeyRing } from "../secrets/index.js";
import { HoopError, subjectId } from "../vocabulary/index.js";
import { reviewEvents, reviewOpenedEvent } from "./events/of-changes.js";
import { writeEvents } from "./events/write.js";
import { matching } from "./reviews/find.js";
import { grantsOn, insertGrant } from "./reviews/grants.js";
import { openReview } from "./reviews/open.js";
import { type ReviewRow, reviewColumns, reviewsFrom, storeNow } from "./reviews/rows.js";
import { createReviewSealer, places } from "./reviews/sealer.js";
import { writeReview } from "./reviews/write.js";
import type { Db, Store } from "./store.js";
import { mapped } from "./store-error.js";

interface SealedRow {
  key_id: string;
  sealed: Buffer;
}

interface CommentRow extends SealedRow {
  n: number;
  by_id: string;
  by_name: string;
  at: Date;
}

/** How many of those that are due are looked at in one go. */
const duePage = 100;

/**
 * Reviews on PostgreSQL. `keys`: the ring that seals them; `digestKey`: a lasting key, the same on every replica.
 *
 * @example createReviewStore(store, { keys: await vault.keyRing("reviews"), digestKey: await vault.purposeKey("review-digests") });
 */
export function createReviewStore(
  store: Store,
  { keys, digestKey }: { readonly keys: KeyRing; readonly digestKey: KeyObject },
): ReviewStore {
  const { db, changes } = store;
  const sealer = createReviewSealer(keys, digestKey);
  const transaction = <T>(work: (trx: Db) => Promise<T>): Promise<T> => mapped(() => db.transaction().execute(work));

  /** Reviews with the store's clock; the clock alone when there is none. */
  async function read(rows: readonly ReviewRow[]) {
    return { reviews: await reviewsFrom(db, sealer, rows), now: (rows[0]?.now ?? (await clock())).getTime() };
  }
  async function clock(): Promise<Date> {
    const { rows } = await sql<{ now: Date }>`select ${storeNow} as now`.execute(db);
    return rows[0]!.now;
  }

  return {
    open: (draft) =>
      transaction(async (trx) => {
        await changes.publish("reviews", trx);
        const opened = await openReview(trx, sealer, draft);
        if (opened.made) await writeEvents(changes, trx, [reviewOpenedEvent(opened.review)]);
        return opened;
      }),

    get: (id) =>
      mapped(async () => {
        const { rows } = await sql<ReviewRow>`select ${reviewColumns} from reviews r where r.id = ${id}`.execute(db);
        const { reviews, now } = await read(rows);
        return reviews[0] === undefined ? null : { review: reviews[0], now };
      }),
    several: (ids) =>
      mapped(async () => {
        const { rows } =
          await sql<ReviewRow>`select ${reviewColumns} from reviews r where r.id = any(${[...ids]}::text[])`.execute(
            db,
          );
        return read(rows);
      }),
    list: (filter) =>
      mapped(async () => {
        const { rows } = await sql<ReviewRow>`select ${reviewColumns} from reviews r where ${matching(filter)}
          order by r.opened_at desc, r.id desc limit ${filter.limit}`.execute(db);
        return read(rows);
      }),
    count: (filter) =>
      mapped(async () => {
        const { rows } = await sql<{
          count: number;
        }>`select count(*)::int as count from reviews r where ${matching(filter)}`.execute(db);
        return rows[0]!.count;
      }),
    body: (id) =>
      mapped(async () => {
        const { rows } = await sql<SealedRow>`select key_id, sealed from review_bodies where review_id = ${id}`.execute(
          db,
        );
        return rows[0] === undefined ? null : sealer.open<ReviewBody>(places.body(id), rows[0]);
      }),

    change: (before, after, grant) =>
      transaction(async (trx) => {
        const { rows } = await sql<{ now: Date }>`select ${storeNow} as now`.execute(trx);
        const version = await writeReview(trx, sealer, before, after, rows[0]!.now.getTime());
        if (version === null) return null;
        if (grant !== null) await insertGrant(trx, grant);
        await changes.publish("reviews", trx);
        await writeEvents(changes, trx, reviewEvents(before, after));
        return version;
      }),

    consume: (id, digest, version) =>
      transaction(async (trx) => {
        const { rows } =
          await sql`update reviews set state = 'used', ended_at = ${storeNow}, ended_why = 'used', due_at = null,
            version = nextval('review_versions')
          where id = ${id} and state = 'approved' and kind <> 'access' and digest = ${sealer.digest(digest)} and version = ${version}
            and use_by > ${storeNow}
          returning id`.execute(trx);
        if (rows.length === 0) return false;
        await changes.publish("reviews", trx);
        return true;
      }),
    isFor: (id, digest) =>
      mapped(async () => {
        const { rows } =
          await sql`select id from reviews where id = ${id} and digest = ${sealer.digest(digest)}`.execute(db);
        return rows.length > 0;
      }),
    leave: (id) =>
      mapped(async () => {
        const { rows } = await sql<{ waiters: number }>`update reviews set waiters = greatest(waiters - 1, 0)
          where id = ${id} returning waiters`.execute(db);
        return rows[0]?.waiters ?? 0;
      }),

    comments: (id) =>
      mapped(async () => {
        const { rows } =
          await sql<CommentRow>`select n, by_id, by_name, key_id, sealed, at from review_comments where review_id = ${id} order by n`.execute(
            db,
          );
        return Promise.all(
          rows.map(async (row) => ({
            n: row.n,
            by: { id: subjectId(row.by_id), name: row.by_name },
            text: await sealer.open<string>(places.comment(id, row.n), row),
            at: row.at.getTime(),
          })),
        );
      }),
    addComment: (id, by, text) =>
      transaction(async (trx) => {
        // Locks the review: numbers are given one after the other.
        const { rows: found } =
          await sql`update reviews set version = nextval('review_versions') where id = ${id} returning id`.execute(trx);
        if (found.length === 0) throw new HoopError("not-found", "this review was removed meanwhile");
        const { rows } = await sql<{
          count: number;
        }>`select count(*)::int as count from review_comments where review_id = ${id}`.execute(trx);
        const n = rows[0]!.count + 1;
        if (n > reviewLimits.comments) return null;
        const { keyId, sealed } = sealer.seal(places.comment(id, n), text);
        const { rows: written } = await sql<{
          at: Date;
        }>`insert into review_comments (review_id, n, by_id, by_name, key_id, sealed)
          values (${id}, ${n}, ${by.id}, ${by.name}, ${keyId}, ${sealed}) returning at`.execute(trx);
        await changes.publish("reviews", trx);
        return { n, by, text, at: written[0]!.at.getTime() };
      }),

    rehearsal: (id) =>
      mapped(async () => {
        const { rows } =
          await sql<SealedRow>`select key_id, sealed from review_rehearsals where review_id = ${id}`.execute(db);
        return rows[0] === undefined ? null : sealer.open<Rehearsal>(places.rehearsal(id), rows[0]);
      }),
    putRehearsal: (id, rehearsal) =>
      transaction(async (trx) => {
        // Whoever was quicker than it approved without it; what somebody did look at does not change under an approval.
        const { rows } =
          await sql`update reviews set version = nextval('review_versions') where id = ${id} and (state = 'pending'
            or state = 'approved' and not exists (select from review_rehearsals where review_id = ${id})) returning id`.execute(
            trx,
          );
        if (rows.length === 0) return false;
        const { keyId, sealed } = sealer.seal(places.rehearsal(id), rehearsal);
        await sql`insert into review_rehearsals (review_id, key_id, sealed) values (${id}, ${keyId}, ${sealed})
          on conflict (review_id) do update set key_id = excluded.key_id, sealed = excluded.sealed`.execute(trx);
        await changes.publish("reviews", trx);
        return true;
      }),

    due: () =>
      mapped(async () => {
        const { rows } = await sql<ReviewRow>`select ${reviewColumns} from reviews r where r.due_at <= ${storeNow}
          order by r.due_at limit ${duePage}`.execute(db);
        const { rows: next } = await sql<{ ms: string | null }>`
          select ceil(extract(epoch from min(due_at) - ${storeNow}) * 1000)::bigint as ms from reviews where due_at is not null`.execute(
          db,
        );
        const ms = next[0]!.ms;
        return { ...(await read(rows)), nextMs: ms === null ? null : Math.max(0, Number(ms)) };
      }),

    ...grantsOn(store),

    sweep: () =>
      mapped(async () => {
        const long = sql`${storeNow} - ${reviewLimits.keepMs} * interval '1 millisecond'`;
        await sql`delete from reviews where ended_at < ${long} or (kind = 'access' and use_by < ${long})`.execute(db);
        await sql`delete from grants where ended_at < ${long}`.execute(db);
      }),
    watch: (listener) => changes.watch("reviews", listener),
  };
}
