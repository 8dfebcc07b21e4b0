import { sql } from "kysely";
import type { Delivery, DeliveryView, EventStore, Settled } from "../../events/index.js";
import type { Db, Store } from "../store.js";
import { mapped } from "../store-error.js";

interface DeliveryRow {
  readonly id: string;
  readonly firing: string;
  readonly rule: string;
  readonly step: number;
  readonly kind: string;
  readonly target: string;
  readonly body: string;
  readonly state: DeliveryView["state"];
  readonly attempts: number;
  readonly next_at: Date;
  readonly error: string | null;
  readonly answer: string | null;
  readonly made_at: Date;
  readonly ended_at: Date | null;
}

const columns = sql.raw(
  "id, firing, rule, step, kind, target, body, state, attempts, next_at, error, answer, made_at, ended_at",
);
const free = sql.raw("d.state = 'ready' and d.next_at <= now() and (d.leased_until is null or d.leased_until < now())");
/** What a target takes at once where nothing else is said. */
const usualCap = 16;

type Queue = Pick<EventStore, "lease" | "nextDue" | "settle" | "deliveries" | "answered" | "replay">;

/** The queue: what rules do outside of sessions, leased by one gateway at a time. */
export function deliveriesOn({ db, changes }: Store): Queue {
  return {
    lease: (replica, limit, caps, leaseMs) =>
      mapped(async () => {
        const given = [...caps];
        // A few of each target: one with ten thousand that wait keeps no other from going on.
        const { rows } = await sql<DeliveryRow>`
          with targets as (
            select distinct d.target from reaction_deliveries d where ${free}
          ), due as (
            select one.id from targets
            left join unnest(${given.map(([target]) => target)}::text[], ${given.map(([, cap]) => cap)}::int[]) as cap (target, most) using (target)
            cross join lateral (
              select d.id from reaction_deliveries d where d.target = targets.target and ${free}
                and (not d.ordered or not exists (
                  select from reaction_deliveries e where e.target = d.target and e.n < d.n and e.state in ('ready', 'waiting')))
              order by d.next_at, d.n limit coalesce(cap.most, ${usualCap}) for update skip locked
            ) as one limit ${limit}
          )
          update reaction_deliveries set leased_by = ${replica}, leased_until = now() + ${leaseMs} * interval '1 millisecond', attempts = attempts + 1
          where id in (select id from due) returning ${columns}`.execute(db);
        return rows.map(deliveryFromRow);
      }),
    nextDue: () =>
      mapped(async () => {
        const { rows } = await sql<{ ms: string | null }>`select ceil(extract(epoch from
          min(greatest(next_at, coalesce(leased_until, next_at))) - now()) * 1000)::bigint as ms from reaction_deliveries where state = 'ready'`.execute(
          db,
        );
        const ms = rows[0]!.ms;
        return ms === null ? null : Math.max(0, Number(ms));
      }),
    settle: (replica, settled) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows } = await sql<{ firing: string; state: Settled["state"] }>`
            update reaction_deliveries d set state = given.state, leased_by = null, leased_until = null,
              error = case when given.state = 'done' then null else given.word end,
              answer = case when given.state = 'done' then given.word end,
              ended_at = case when given.state <> 'ready' then now() end,
              next_at = now() + given.after_ms * interval '1 millisecond'
            from unnest(${settled.map(({ id }) => id)}::uuid[], ${settled.map(({ state }) => state)}::text[],
              ${settled.map(({ word }) => word)}::text[], ${settled.map(({ afterMs }) => Math.round(afterMs))}::bigint[])
              as given (id, state, word, after_ms)
            where d.id = given.id and d.leased_by = ${replica} and d.state = 'ready' returning d.firing, d.state`.execute(
            trx,
          );
          const ended = [...new Set(rows.flatMap(({ firing, state }) => (state === "ready" ? [] : [firing])))];
          // Others hear of it only where there is something new for them to do.
          if (ended.length > 0 && (await next(trx, ended))) await changes.publish("reactions", trx);
        }),
      ),
    deliveries: ({ state, rule, firing }, limit) =>
      mapped(async () => {
        const { rows } = await sql<DeliveryRow>`select ${columns} from reaction_deliveries
          where (${state ?? null}::text is null or state = ${state ?? null}) and (${rule ?? null}::text is null or rule = ${rule ?? null})
            and (${firing ?? null}::uuid is null or firing = ${firing ?? null}::uuid)
          order by n desc limit ${limit}`.execute(db);
        return rows.map(
          (row): DeliveryView => ({
            ...deliveryFromRow(row),
            state: row.state,
            error: row.error,
            answer: row.answer,
            nextAt: row.next_at.getTime(),
            endedAt: row.ended_at?.getTime() ?? null,
          }),
        );
      }),
    answered: (kind, answer) =>
      mapped(async () => {
        const { rows } = await sql<DeliveryRow>`select ${columns} from reaction_deliveries
          where kind = ${kind} and answer = ${answer} and state = 'done' limit 1`.execute(db);
        return rows[0] === undefined ? null : deliveryFromRow(rows[0]);
      }),
    replay: (ids) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows } =
            await sql`update reaction_deliveries set state = 'ready', attempts = 0, next_at = now(), ended_at = null
            where id = any(${[...ids]}::uuid[]) and state = 'dead' returning id`.execute(trx);
          await changes.publish("reactions", trx);
          return rows.length;
        }),
      ),
  };
}

/** The next action of each firing may go. Answers whether there was one. */
async function next(trx: Db, firings: readonly string[]): Promise<boolean> {
  const { rows } = await sql`update reaction_deliveries d set state = 'ready', next_at = now()
    from (select firing, min(step) as step from reaction_deliveries
      where firing = any(${[...firings]}::uuid[]) and state = 'waiting' group by firing) as first
    where d.firing = first.firing and d.step = first.step and d.state = 'waiting'
      and not exists (select from reaction_deliveries e where e.firing = d.firing and e.state = 'ready') returning d.id`.execute(
    trx,
  );
  return rows.length > 0;
}

function deliveryFromRow(row: DeliveryRow): Delivery {
  const { id, firing, rule, step, kind, target, body, attempts, made_at } = row;
  return { id, firing, rule, step, kind, target, body, attempts, madeAt: made_at.getTime() };
}
