import { sql } from "kysely";
import type { EventDraft } from "../../events/index.js";
import type { Db, Store } from "../store.js";

/** Rows of one statement. */
const batch = 1_000;

/**
 * Puts events into the outbox, as part of the transaction of what caused them: with its commit they are there, without it they are
 * not. What is there already, by its id, is skipped. Call it last: it takes the lock of the topic until the commit.
 */
export async function writeEvents(
  changes: Pick<Store["changes"], "publish">,
  trx: Db,
  drafts: readonly EventDraft[],
): Promise<void> {
  if (drafts.length === 0) return;
  // Their order is kept: of several denials the third must be the third, or who counts as well names another event.
  for (let at = 0; at < drafts.length; at += batch) {
    const some = drafts.slice(at, at + batch);
    await sql`insert into event_outbox (id, body)
      select id, body from unnest(${some.map(({ id }) => id)}::uuid[], ${some.map((draft) => JSON.stringify(draft))}::text[])
        with ordinality as given (id, body, place)
      where not exists (select from event_log where event_log.id = given.id)
      order by place
      on conflict (id) do nothing`.execute(trx);
  }
  await changes.publish("events", trx);
}
