import { sql } from "kysely";
import type { Review } from "../../reviews/review.js";
import { reviewerGroups } from "../../reviews/standing.js";
import { nextDue } from "../../reviews/step.js";
import type { Db } from "../store.js";
import { places, type ReviewSealer } from "./sealer.js";

const date = (ms: number | null) => (ms === null ? null : new Date(ms));

/** Keeps what a step changed, if nobody else changed it since `before`. Answers the new version; null: somebody did. */
export async function writeReview(
  trx: Db,
  sealer: ReviewSealer,
  before: Review,
  after: Review,
  now: number,
): Promise<number | null> {
  const { rows } = await sql<{ version: string }>`
    update reviews set state = ${after.state}, groups = ${reviewerGroups(after, now)}::text[], escalated = ${[...after.escalated]}::text[],
      due_at = ${date(nextDue(after))}, approved_at = ${date(after.approvedAt)}, use_by = ${date(after.useBy)},
      ended_at = ${date(after.endedAt)}, ended_why = ${after.ending?.why ?? null}, ended_by = ${after.ending?.by ?? null},
      version = nextval('review_versions')
    where id = ${before.id} and version = ${before.version} returning version`.execute(trx);
  if (rows[0] === undefined) return null;
  for (const decision of after.decisions) {
    if (before.decisions.includes(decision)) continue;
    const { by, verdict, at } = decision;
    const reason = decision.reason === null ? null : sealer.seal(places.reason(before.id, by.id), decision.reason);
    await sql`insert into review_decisions (review_id, by_id, by_name, verdict, key_id, reason, at)
      values (${before.id}, ${by.id}, ${by.name}, ${verdict}, ${reason?.keyId ?? null}, ${reason?.sealed ?? null}, ${new Date(at)})
      on conflict (review_id, by_id) do update set by_name = excluded.by_name, verdict = excluded.verdict, key_id = excluded.key_id,
        reason = excluded.reason, at = excluded.at`.execute(trx);
  }
  return Number(rows[0].version);
}
