import { sql } from "kysely";
import type { EventDraft, EventStore, HoopEvent, Judged } from "../../events/index.js";
import type { Db, Store } from "../store.js";
import { mapped } from "../store-error.js";
import { insertRestraints } from "./restraints.js";

interface OutboxRow {
  readonly n: string;
  readonly id: string;
  readonly body: string;
}

/** Rules are of another revision than the ones that were asked: nothing is kept, and it is tried again. */
class StaleRules extends Error {}

/** See `EventStore.advance`. */
export function advanceOn({ db, changes }: Store): EventStore["advance"] {
  return async (limit, judge) => {
    try {
      return await mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows: head } = await sql<{
            position: string;
          }>`select position from event_head for update skip locked`.execute(trx);
          if (head[0] === undefined) return null;
          const { rows } =
            await sql<OutboxRow>`select n, id, body from event_outbox where bad is null order by n limit ${limit}`.execute(
              trx,
            );
          if (rows.length === 0) return { taken: 0, stale: false };
          const events = await intoLog(trx, Number(head[0].position), rows);
          const { rows: revisions } = await sql<{ revision: string }>`select revision from reaction_revision`.execute(
            trx,
          );
          const judged = await judge(events, (wanted) => windowsOf(trx, wanted), Number(revisions[0]!.revision));
          if (judged === "stale") throw new StaleRules();
          await keep(trx, judged);
          if (judged.firings.length > 0) await changes.publish("reactions", trx);
          // Of its own: whoever writes events holds the other topic's row until its commit.
          await changes.publish("event-log", trx);
          return { taken: rows.length, stale: false };
        }),
      );
    } catch (error) {
      if (error instanceof StaleRules || (error as { cause?: unknown }).cause instanceof StaleRules)
        return { taken: 0, stale: true };
      throw error;
    }
  };
}

/** Gives each event its place. One that cannot be read is set aside where it is: the others go on. */
async function intoLog(trx: Db, position: number, rows: readonly OutboxRow[]): Promise<readonly HoopEvent[]> {
  const events: HoopEvent[] = [];
  const bad: OutboxRow[] = [];
  for (const row of rows) {
    const draft = readable(row);
    if (draft === null) bad.push(row);
    else events.push({ ...draft, position: position + events.length + 1 });
  }
  if (bad.length > 0)
    await sql`update event_outbox set bad = 'it cannot be read' where n = any(${bad.map(({ n }) => n)}::bigint[])`.execute(
      trx,
    );
  await sql`delete from event_outbox where n = any(${rows.filter((row) => !bad.includes(row)).map(({ n }) => n)}::bigint[])`.execute(
    trx,
  );
  if (events.length === 0) return [];
  const bodies = new Map(rows.map(({ id, body }) => [id, body]));
  const { rows: fresh } = await sql<{ id: string }>`
    insert into event_log (position, id, type, at, subject_id, subject_name, connection, session, body)
    select position, id, type, to_timestamp(at / 1000.0), subject_id, subject_name, connection, session, body
    from unnest(
      ${events.map((event) => event.position)}::bigint[], ${events.map(({ id }) => id)}::uuid[], ${events.map(({ type }) => type)}::text[],
      ${events.map(({ at }) => at)}::double precision[], ${events.map(({ subject }) => clean(subject?.id))}::text[],
      ${events.map(({ subject }) => clean(subject?.name))}::text[], ${events.map(({ connection }) => clean(connection))}::text[],
      ${events.map(({ session }) => session)}::uuid[], ${events.map(({ id }) => bodies.get(id)!)}::text[]
    ) as given (position, id, type, at, subject_id, subject_name, connection, session, body)
    on conflict (id) do nothing returning id`.execute(trx);
  await sql`update event_head set position = ${events.at(-1)!.position}`.execute(trx);
  if (fresh.length === events.length) return events;
  const known = new Set(fresh.map(({ id }) => id));
  return events.filter(({ id }) => known.has(id));
}

// A text of PostgreSQL holds no U+0000; the body, which is JSON, has it as it was.
const clean = (text: string | null | undefined) => text?.replaceAll("\0", "") ?? null;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function readable({ id, body }: OutboxRow): EventDraft | null {
  try {
    const draft = JSON.parse(body) as EventDraft;
    const fine =
      draft.id === id &&
      typeof draft.type === "string" &&
      Number.isFinite(draft.at) &&
      Array.isArray(draft.cause) &&
      typeof draft.data === "object" &&
      draft.data !== null &&
      (draft.session === null || uuid.test(draft.session));
    return fine ? draft : null;
  } catch {
    return null;
  }
}

async function windowsOf(trx: Db, wanted: readonly { readonly rule: string; readonly key: string }[]) {
  if (wanted.length === 0) return new Map();
  const { rows } = await sql<{ rule: string; key: string; state: string }>`
    select rule, key, state from reaction_windows join unnest(${wanted.map(({ rule }) => rule)}::text[], ${wanted.map(({ key }) => key)}::text[])
      as given (rule, key) using (rule, key)`.execute(trx);
  return new Map(rows.map(({ rule, key, state }) => [`${rule} ${key}`, JSON.parse(state)]));
}

async function keep(trx: Db, { windows, firings, counts }: Judged): Promise<void> {
  if (windows.length > 0)
    await sql`insert into reaction_windows (rule, key, state, until)
      select rule, key, state, to_timestamp(until / 1000.0) from unnest(${windows.map(({ rule }) => rule)}::text[], ${windows.map(({ key }) => key)}::text[],
        ${windows.map(({ window }) => JSON.stringify(window))}::text[], ${windows.map(({ until }) => until)}::double precision[]) as given (rule, key, state, until)
      on conflict (rule, key) do update set state = excluded.state, until = excluded.until`.execute(trx);
  if (counts.length > 0)
    await sql`insert into reaction_counts as c (rule, matched, fired, quiet, guarded, shadowed, last_at, problem)
      select rule, matched, fired, quiet, guarded, shadowed, case when fired + shadowed > 0 then now() end, problem
      from jsonb_to_recordset(${JSON.stringify(counts)}::jsonb) as r (rule text, matched bigint, fired bigint, quiet bigint, guarded bigint, shadowed bigint, problem text)
      on conflict (rule) do update set matched = c.matched + excluded.matched, fired = c.fired + excluded.fired, quiet = c.quiet + excluded.quiet,
        guarded = c.guarded + excluded.guarded, shadowed = c.shadowed + excluded.shadowed, last_at = coalesce(excluded.last_at, c.last_at),
        problem = excluded.problem`.execute(trx);
  if (firings.length === 0) return;
  await sql`insert into reaction_firings (id, rule, body)
    select id, rule, body from unnest(${firings.map(({ id }) => id)}::uuid[], ${firings.map(({ rule }) => rule)}::text[], ${firings.map(({ body }) => JSON.stringify(body))}::text[])
      as given (id, rule, body) on conflict (id) do nothing`.execute(trx);
  await insertRestraints(
    trx,
    firings.flatMap(({ restraints }) => restraints),
  );
  const deliveries = firings.flatMap((firing) =>
    firing.deliveries.map((delivery, index) => ({
      ...delivery,
      firing: firing.id,
      rule: firing.rule,
      body: JSON.stringify(delivery.body),
      // One after the other: the first may go, each of the others when the one before it has ended.
      state: index === 0 ? "ready" : "waiting",
    })),
  );
  if (deliveries.length === 0) return;
  await sql`insert into reaction_deliveries (id, firing, rule, step, kind, target, ordered, body, state)
    select id, firing, rule, step, kind, target, ordered, body, state
    from unnest(${deliveries.map(({ id }) => id)}::uuid[], ${deliveries.map(({ firing }) => firing)}::uuid[], ${deliveries.map(({ rule }) => rule)}::text[],
      ${deliveries.map(({ step }) => step)}::int[], ${deliveries.map(({ kind }) => kind)}::text[], ${deliveries.map(({ target }) => target)}::text[],
      ${deliveries.map(({ ordered }) => ordered)}::boolean[], ${deliveries.map(({ body }) => body)}::text[], ${deliveries.map(({ state }) => state)}::text[])
      as given (id, firing, rule, step, kind, target, ordered, body, state)
    on conflict (id) do nothing`.execute(trx);
}
