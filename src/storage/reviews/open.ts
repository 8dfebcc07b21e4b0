import { sql } from "kysely";
import { reviewLimits } from "../../reviews/limits.js";
import type { Review } from "../../reviews/review.js";
import { sameTerms } from "../../reviews/same-terms.js";
import { reviewerGroups } from "../../reviews/standing.js";
import { nextDue, step } from "../../reviews/step.js";
import type { Opened, ReviewDraft } from "../../reviews/store.js";
import { HoopError } from "../../vocabulary/index.js";
import type { Db } from "../store.js";
import { type ReviewRow, reviewColumns, reviewsFrom, storeNow } from "./rows.js";
import { places, type ReviewSealer } from "./sealer.js";
import { writeReview } from "./write.js";

/** For access that nobody has to approve: it is granted a moment later. */
const noTermsMs = 60_000;

/** Kinds for which a client waits; the others were asked for by somebody who comes back. */
const waiting: ReadonlySet<Review["kind"]> = new Set(["statement", "session", "run"]);

/** Within a transaction that has the topic's row: reviews are opened one after the other, so that limits hold exactly. */
export async function openReview(trx: Db, sealer: ReviewSealer, draft: ReviewDraft): Promise<Opened> {
  const digest = sealer.digest(draft.digest);
  const actsFor = draft.onBehalfOf?.id ?? null;
  const { rows } = await sql<ReviewRow>`select ${reviewColumns} from reviews r
    where r.requester_id = ${draft.requester.id} and r.acts_for_id is not distinct from ${actsFor}::uuid and r.digest = ${digest}
      and r.state in ('pending', 'approved') for update`.execute(trx);
  const before = (await reviewsFrom(trx, sealer, rows))[0];
  let superseded: Review | null = null;
  if (before !== undefined) {
    const now = rows[0]!.now.getTime();
    const ticked = step(before, { kind: "tick" }, new Map(), now);
    const current = ticked.state === before.state && sameTerms(before.terms, draft.terms);
    if (current) {
      await sql`update reviews set waiters = waiters + 1 where id = ${before.id}`.execute(trx);
      return { review: before, now, made: false, superseded: null };
    }
    superseded = ticked.state !== before.state ? ticked : endedByNewRules(before, now);
    await writeReview(trx, sealer, before, superseded, now);
  }
  await checkLimits(trx, draft);
  return { ...(await insert(trx, sealer, draft, digest)), made: true, superseded };
}

const endedByNewRules = (review: Review, now: number): Review => ({
  ...review,
  state: "withdrawn",
  endedAt: now,
  ending: { why: "superseded", by: null },
});

async function checkLimits(trx: Db, draft: ReviewDraft): Promise<void> {
  const { rows } = await sql<{ own: number; all: number }>`
    select count(*) filter (where requester_id = ${draft.requester.id})::int as own, count(*)::int as all
    from reviews where state = 'pending' and expires_at > ${storeNow}`.execute(trx);
  const { own, all } = rows[0]!;
  if (own >= reviewLimits.pendingPerSubject)
    throw new HoopError(
      "limited",
      `${draft.requester.name} has ${own} reviews waiting, which is as many as one may have`,
      {
        hint: "withdraw some: hoop review ls --mine",
      },
    );
  if (all >= reviewLimits.pending)
    throw new HoopError("limited", "as many reviews wait as this gateway keeps; tell whoever runs it");
}

async function insert(trx: Db, sealer: ReviewSealer, draft: ReviewDraft, digest: Buffer) {
  const { rows: clock } = await sql<{ now: Date }>`select date_trunc('milliseconds', ${storeNow}) as now`.execute(trx);
  const now = clock[0]!.now.getTime();
  const expiresAt =
    now + Math.min(...(draft.terms.length === 0 ? [noTermsMs] : draft.terms.map((terms) => terms.expiresMs)));
  const { digest: _, body, ...kept } = draft;
  const review: Review = {
    ...kept,
    state: "pending",
    openedAt: now,
    expiresAt,
    approvedAt: null,
    useBy: null,
    endedAt: null,
    ending: null,
    escalated: [],
    decisions: [],
    version: 0,
  };
  const due = nextDue(review);
  const head = sealer.seal(places.head(draft.id), draft.head);
  const { rows } = await sql<{ version: string }>`
    insert into reviews (id, kind, requester_id, requester_name, requester_kind, acts_for_id, acts_for_name, connection_ids, connection_names,
      session_id, statement_id, digest, terms, groups, state, opened_at, expires_at, due_at, waiters, key_id, head)
    values (${draft.id}, ${draft.kind}, ${draft.requester.id}, ${draft.requester.name}, ${draft.requester.kind},
      ${draft.onBehalfOf?.id ?? null}, ${draft.onBehalfOf?.name ?? null}, ${draft.connections.map(({ id }) => id)}::uuid[],
      ${draft.connections.map(({ name }) => name)}::text[], ${draft.session}, ${draft.statement}, ${digest},
      ${JSON.stringify(draft.terms)}::jsonb, ${reviewerGroups(review, now)}::text[], 'pending', ${new Date(now)}, ${new Date(expiresAt)},
      ${due === null ? null : new Date(due)}, ${waiting.has(draft.kind) ? 1 : 0}, ${head.keyId}, ${head.sealed})
    returning version`.execute(trx);
  const sealed = sealer.seal(places.body(draft.id), body);
  await sql`insert into review_bodies (review_id, key_id, sealed) values (${draft.id}, ${sealed.keyId}, ${sealed.sealed})`.execute(
    trx,
  );
  return { review: { ...review, version: Number(rows[0]!.version) }, now };
}
