import { sql } from "kysely";
import type { EventDraft, EventStore, HoopEvent, Judged, Window } from "../../events/index.js";
import type { Db, Store } from "../store.js";
import { mapped } from "../store-error.js";
import { insertRestraints } from "./restraints.js";

interface OutboxRow {
  readonly n: string;
  readonly id: string;
  readonly body: string;
  /** Of the rules, when it was read. */
  readonly revision: string;
}

/** Rules are of another revision than the ones that were asked: nothing is kept, and it is tried again. */
class StaleRules extends Error {}

/** See `EventStore.advance`. */
export function advanceOn({ db, changes }: Store): EventStore["advance"] {
  const known = knownWindows();
  return async (limit, judge) => {
    try {
      let kept: Parameters<typeof known.keep> | null = null;
      const done = await mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows: head } = await sql<{
            position: string;
          }>`select position from event_head for update skip locked`.execute(trx);
          if (head[0] === undefined) return null;
          // After the lock, not with it: what another gateway has taken by then is not seen any more.
          const { rows } = await sql<OutboxRow>`select n, id, body, (select revision from reaction_revision) as revision
              from event_outbox where bad is null order by n limit ${limit}`.execute(trx);
          if (rows.length === 0) return { taken: 0, bad: 0, stale: false };
          const { events, bad } = await intoLog(trx, Number(head[0].position), rows);
          const revision = Number(rows[0]!.revision);
          const before = known.at(Number(head[0].position), revision);
          const judged = await judge(events, (wanted) => windowsOf(trx, wanted, before), revision);
          if (judged === "stale") throw new StaleRules();
          await keep(trx, judged);
          if (judged.firings.length > 0) await changes.publish("reactions", trx);
          // Of its own: whoever writes events holds the other topic's row until its commit.
          await changes.publish("event-log", trx);
          if (events.length > 0) kept = [events.at(-1)!.position, revision, judged.windows];
          return { taken: rows.length, bad, stale: false };
        }),
      );
      if (kept !== null) known.keep(...(kept as Parameters<typeof known.keep>));
      return done;
    } catch (error) {
      known.forget();
      if (error instanceof StaleRules || (error as { cause?: unknown }).cause instanceof StaleRules)
        return { taken: 0, bad: 0, stale: true };
      throw error;
    }
  };
}

/** Gives each event its place. One that cannot be read is set aside where it is: the others go on. */
async function intoLog(
  trx: Db,
  position: number,
  rows: readonly OutboxRow[],
): Promise<{ readonly events: readonly HoopEvent[]; readonly bad: number }> {
  const events: HoopEvent[] = [];
  const bad: OutboxRow[] = [];
  for (const row of rows) {
    const draft = readable(row);
    if (draft === null) bad.push(row);
    else events.push({ ...draft, position: position + events.length + 1 });
  }
  if (bad.length > 0)
    await sql`update event_outbox set bad = 'it cannot be read', bad_at = now() where n = any(${bad.map(({ n }) => n)}::bigint[])`.execute(
      trx,
    );
  if (events.length === 0) return { events, bad: bad.length };
  // Bodies go from one table to the other without coming here again.
  const { rows: fresh } = await sql<{ id: string }>`
    with taken as (
      delete from event_outbox where id = any(${events.map(({ id }) => id)}::uuid[]) returning id, body
    ), moved as (
      update event_head set position = ${events.at(-1)!.position}
    )
    insert into event_log (position, id, type, at, subject_id, subject_name, connection, session, body)
    select position, given.id, type, to_timestamp(at / 1000.0), subject_id, subject_name, connection, session, taken.body
    from unnest(
      ${events.map((event) => event.position)}::bigint[], ${events.map(({ id }) => id)}::uuid[], ${events.map(({ type }) => type)}::text[],
      ${events.map(({ at }) => at)}::double precision[], ${events.map(({ subject }) => clean(subject?.id))}::text[],
      ${events.map(({ subject }) => clean(subject?.name))}::text[], ${events.map(({ connection }) => clean(connection))}::text[],
      ${events.map(({ session }) => session)}::uuid[]
    ) as given (position, id, type, at, subject_id, subject_name, connection, session) join taken on taken.id = given.id
    on conflict (id) do nothing returning id`.execute(trx);
  if (fresh.length === events.length) return { events, bad: bad.length };
  const known = new Set(fresh.map(({ id }) => id));
  return { events: events.filter(({ id }) => known.has(id)), bad: bad.length };
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

type Place = { readonly rule: string; readonly key: string };
const placeOf = ({ rule, key }: Place) => `${rule} ${key}`;

/** Windows that are remembered; each takes about a kilobyte. */
const mostKnown = 20_000;

/**
 * Windows as this gateway wrote them last. They are what the store has as long as the newest position is the one that was written with
 * them: whoever else puts events into the log moves it on. Rules of another revision begin anew.
 */
function knownWindows() {
  let windows = new Map<string, Window>();
  let written = { position: -1, revision: -1 };
  return {
    at(position: number, revision: number): ReadonlyMap<string, Window> {
      if (written.position !== position || written.revision !== revision) windows = new Map();
      return windows;
    },
    keep(position: number, revision: number, more: Judged["windows"]): void {
      if (windows.size > mostKnown) windows = new Map();
      for (const one of more) windows.set(placeOf(one), one.window);
      written = { position, revision };
    },
    forget(): void {
      windows = new Map();
    },
  };
}

async function windowsOf(
  trx: Db,
  places: readonly Place[],
  known: ReadonlyMap<string, Window>,
): Promise<ReadonlyMap<string, Window>> {
  const found = new Map<string, Window>();
  const wanted: Place[] = [];
  for (const place of places) {
    const window = known.get(placeOf(place));
    if (window === undefined) wanted.push(place);
    else found.set(placeOf(place), window);
  }
  if (wanted.length === 0) return found;
  const { rows } = await sql<{ rule: string; key: string; state: string }>`
    select rule, key, state from reaction_windows join unnest(${wanted.map(({ rule }) => rule)}::text[], ${wanted.map(({ key }) => key)}::text[])
      as given (rule, key) using (rule, key)`.execute(trx);
  for (const row of rows) found.set(placeOf(row), JSON.parse(row.state) as Window);
  return found;
}

async function keep(trx: Db, { windows, firings, counts }: Judged): Promise<void> {
  if (windows.length + counts.length > 0)
    await sql`with counted as (
        insert into reaction_windows (rule, key, state, until)
        select rule, key, state::text, to_timestamp(until / 1000.0)
        from json_to_recordset(${JSON.stringify(windows.map(({ rule, key, window, until }) => ({ rule, key, state: window, until })))}::json)
          as given (rule text, key text, state json, until double precision)
        on conflict (rule, key) do update set state = excluded.state, until = excluded.until
      )
      insert into reaction_counts as c (rule, matched, fired, quiet, guarded, shadowed, last_at, problem)
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
