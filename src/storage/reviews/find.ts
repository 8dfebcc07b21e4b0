import { type RawBuilder, sql } from "kysely";
import type { ReviewFilter } from "../../reviews/store.js";
import { storeNow } from "./rows.js";

/** The condition of a filter on `reviews r`. */
export function matching(filter: Omit<ReviewFilter, "limit">): RawBuilder<unknown> {
  const all: RawBuilder<unknown>[] = [sql`true`];
  const { requester, toDecide, states, kind, connection, before } = filter;
  if (requester !== undefined) all.push(sql`(r.requester_id = ${requester} or r.acts_for_id = ${requester})`);
  if (toDecide !== undefined)
    all.push(sql`(r.state = 'pending' and r.expires_at > ${storeNow} and r.groups && ${[...toDecide.groups]}::text[]
      and r.requester_id <> ${toDecide.reviewer} and r.acts_for_id is distinct from ${toDecide.reviewer}::uuid
      and not exists (select from review_decisions d where d.review_id = r.id and d.by_id = ${toDecide.reviewer}))`);
  if (states !== undefined) all.push(sql`r.state = any(${[...states]}::text[])`);
  if (kind !== undefined) all.push(sql`r.kind = ${kind}`);
  if (connection !== undefined) all.push(sql`${connection} = any(r.connection_names)`);
  if (before !== undefined)
    all.push(sql`(r.opened_at, r.id) < (${new Date(before.openedAt)}::timestamptz, ${before.id}::text)`);
  return sql.join(all, sql` and `);
}
