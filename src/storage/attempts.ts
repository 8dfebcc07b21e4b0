import { sql } from "kysely";
import type { AttemptStore } from "../identity/attempts.js";
import type { Store } from "./store.js";
import { mapped } from "./store-error.js";

/** Tries of all replicas on PostgreSQL, in tables that a crash empties: who guesses gains a few tries by it. */
export function createAttemptStore({ db }: Pick<Store, "db">): AttemptStore {
  return {
    begin: (tries) =>
      mapped(async () => {
        const list = JSON.stringify(tries.map(({ key, free }) => ({ key: `\\x${key.toString("hex")}`, free })));
        // In the order of keys, so that two which count the same ones never wait for each other.
        const { rows } = await sql<{ ms: number }>`
          with asked as (select key, free from jsonb_to_recordset(${list}::jsonb) as a(key bytea, free int) order by key),
          blocked as (
            select coalesce(max(extract(epoch from t.until - clock_timestamp()) * 1000), 0)::float8 as ms
            from throttle_tries t join asked a on a.key = t.key where t.until > clock_timestamp()),
          counted as (
            insert into throttle_tries as t (key, free, count, at, until)
            select key, free, 1, clock_timestamp(), clock_timestamp() + hoop_attempt_wait(1, free) from asked
            where (select ms from blocked) = 0 order by key
            on conflict (key) do update set
              count = case when t.at < clock_timestamp() - interval '15 minutes' then 1 else t.count + 1 end,
              at = clock_timestamp(),
              until = clock_timestamp() + hoop_attempt_wait(
                case when t.at < clock_timestamp() - interval '15 minutes' then 1 else t.count + 1 end, excluded.free))
          select ms from blocked`.execute(db);
        return rows[0]!.ms;
      }),

    settle: (outcomes) =>
      mapped(async () => {
        const list = JSON.stringify(outcomes.map(({ key, forget }) => ({ key: `\\x${key.toString("hex")}`, forget })));
        await sql`update throttle_tries t set
            count = case when a.forget then 0 else greatest(t.count - 1, 0) end, until = clock_timestamp()
          from (select t.key, a.forget from throttle_tries t
            join jsonb_to_recordset(${list}::jsonb) as a(key bytea, forget boolean) on a.key = t.key order by t.key for update of t) a
          where t.key = a.key`.execute(db);
      }),

    turn: (account, place, { free, stepMs, mostMs, waiting }) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows } = await sql<{ failures: number; behind: number }>`
            insert into throttle_turns as t (account, failures, at, next_at)
            values (${account}, 0, clock_timestamp(), clock_timestamp())
            on conflict (account) do update set failures = case when t.at < clock_timestamp() - interval '1 hour' then 0 else t.failures end
            returning failures, greatest(extract(epoch from next_at - clock_timestamp()) * 1000, 0)::float8 as behind`.execute(
            trx,
          );
          const { failures, behind } = rows[0]!;
          const delay = failures < free ? 0 : Math.min(stepMs * 2 ** Math.min(failures - free, 20), mostMs);
          if (delay > 0 && behind > (waiting - 1) * mostMs) return null;
          if (delay > 0) {
            const until = sql`clock_timestamp() + make_interval(secs => ${(behind + delay) / 1_000}::float8)`;
            const { rows: taken } =
              await sql`insert into throttle_places as p (place, until) values (${place}, ${until})
              on conflict (place) do update set until = excluded.until where p.until <= clock_timestamp() returning place`.execute(
                trx,
              );
            if (taken.length === 0) return null;
          }
          await sql`update throttle_turns set failures = failures + 1, at = clock_timestamp(),
            next_at = clock_timestamp() + make_interval(secs => ${delay > 0 ? (behind + delay) / 1_000 : 0}::float8)
            where account = ${account}`.execute(trx);
          return delay > 0 ? behind + delay : 0;
        }),
      ),

    forgiveTurn: (account) =>
      mapped(async () => {
        await sql`update throttle_turns set failures = greatest(failures - 1, 0) where account = ${account}`.execute(
          db,
        );
      }),

    sweep: () =>
      mapped(async () => {
        await sql`delete from throttle_tries where at < now() - interval '30 minutes' and until < now()`.execute(db);
        await sql`delete from throttle_turns where at < now() - interval '2 hours'`.execute(db);
        await sql`delete from throttle_places where until < now() - interval '1 minute'`.execute(db);
      }),
  };
}
