import { sql } from "kysely";
import type { ParameterValues } from "../../runbooks/parameters.js";
import { endStates } from "../../runbooks/run.js";
import type { RunbookStore } from "../../runbooks/store.js";
import { HoopError } from "../../vocabulary/index.js";
import { deleteInBatches } from "../delete-in-batches.js";
import { writeEvents } from "../events/write.js";
import type { Store } from "../store.js";
import { mapped } from "../store-error.js";
import { runFinished } from "./finished.js";
import { type RunRow, runColumns, runFromRow, type SealedStep, type StepRow, stepFromRow } from "./rows.js";
import type { RunSealer } from "./sealer.js";

type Runs = Pick<
  RunbookStore,
  | "open"
  | "run"
  | "parameters"
  | "runs"
  | "steps"
  | "update"
  | "putStep"
  | "beat"
  | "adopt"
  | "untold"
  | "told"
  | "release"
  | "sweepRuns"
  | "askCancel"
>;

const live = sql.raw("state in ('waiting', 'running')");

/** Runs and their steps. A replica that lost a run cannot write to it any more. */
export function createRuns({ db, changes }: Store, sealer: RunSealer): Runs {
  return {
    open: (run) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { keyId, sealed } = sealer.seal(`${run.id}\0parameters`, run.parameters);
          const { rows } = await sql<RunRow>`
            insert into runbook_runs (id, runbook, version, hash, state, origin, subject_id, subject_name, asker_id, asker_name, acting, cause, key, key_id, parameters, replica, started_at)
            values (${run.id}, ${run.runbook}, ${run.version}, ${run.hash}, ${run.state}, ${run.origin}, ${run.subject.id}, ${run.subject.name},
              ${run.asker.id}, ${run.asker.name}, ${JSON.stringify(run.acting)}::jsonb, ${JSON.stringify(run.cause)}::jsonb, ${run.key}, ${keyId}, ${sealed}, ${run.replica},
              case when ${run.state}::text = 'running' then now() end)
            on conflict (runbook, key) do nothing returning ${runColumns}`.execute(trx);
          if (rows[0] !== undefined) {
            await changes.publish("runbooks", trx);
            return { run: runFromRow(rows[0]), made: true };
          }
          const { rows: known } = await sql<RunRow>`select ${runColumns} from runbook_runs
            where runbook = ${run.runbook} and key = ${run.key}`.execute(trx);
          if (known[0] === undefined) throw new HoopError("conflict", "this run's key is being used at this moment");
          return { run: runFromRow(known[0]), made: false };
        }),
      ),
    run: (id) =>
      mapped(async () => {
        const { rows } = await sql<RunRow>`select ${runColumns} from runbook_runs where id = ${id}::uuid`.execute(db);
        return rows[0] === undefined ? null : runFromRow(rows[0]);
      }),
    parameters: (id) =>
      mapped(async () => {
        const { rows } = await sql<{ key_id: string; parameters: Buffer }>`select key_id, parameters from runbook_runs
          where id = ${id}::uuid`.execute(db);
        if (rows[0] === undefined) throw new HoopError("not-found", "there is no such run");
        return sealer.open<ParameterValues>(`${id}\0parameters`, {
          key_id: rows[0].key_id,
          sealed: rows[0].parameters,
        });
      }),
    runs: ({ runbook, state, party, before, limit }) =>
      mapped(async () => {
        const { rows } = await sql<RunRow>`select ${runColumns} from runbook_runs where true
          and (${runbook ?? null}::text is null or runbook = ${runbook ?? null})
          and (${state ?? null}::text is null or state = ${state ?? null})
          and (${party ?? null}::uuid is null or asker_id = ${party ?? null} or subject_id = ${party ?? null})
          and (${before?.createdAt ?? null}::timestamptz is null
            or (created_at, id) < (${before?.createdAt ?? null}, ${before?.id ?? null}::uuid))
          order by created_at desc, id desc limit ${limit}`.execute(db);
        return rows.map(runFromRow);
      }),
    steps: (id) =>
      mapped(async () => {
        const { rows } =
          await sql<StepRow>`select n, phase, name, state, connection, session, started_at, ended_at, error, key_id, sealed
          from runbook_steps where run = ${id}::uuid order by n`.execute(db);
        return Promise.all(
          rows.map(async (row) => stepFromRow(row, await sealer.open<SealedStep>(`${id}\0step\0${row.n}`, row))),
        );
      }),
    update: (id, replica, { state, review, started, error, timedOut }) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows } = await sql<RunRow>`update runbook_runs set
            state = coalesce(${state ?? null}::text, state),
            review = coalesce(${review ?? null}::text, review),
            started_at = case when ${started === true} then coalesce(started_at, now()) else started_at end,
            error = case when ${error === undefined} then error else ${error ?? null}::text end,
            ended_at = case when ${state ?? ""} in ('succeeded', 'failed', 'denied', 'cancelled', 'interrupted') then now() else ended_at end,
            seen_at = now()
          where id = ${id}::uuid and replica = ${replica}::uuid and ${live} returning ${runColumns}`.execute(trx);
          const run = rows[0] === undefined ? null : runFromRow(rows[0]);
          if (run === null) return false;
          await changes.publish("runbooks", trx);
          // Its end and the event of it become true together.
          if (endStates.has(run.state))
            await writeEvents(changes, trx, [await runFinished(trx, run, timedOut === true)]);
          return true;
        }),
      ),
    putStep: (id, replica, step) =>
      mapped(async () => {
        const { keyId, sealed } = sealer.seal(`${id}\0step\0${step.n}`, {
          sent: step.sent,
          result: step.result,
        } satisfies SealedStep);
        const { rows } = await sql`
          insert into runbook_steps (run, n, phase, name, state, connection, session, started_at, ended_at, error, key_id, sealed)
          select id, ${step.n}, ${step.phase}, ${step.name}, ${step.state}, ${step.connection}, ${step.session}::uuid, ${step.startedAt}::timestamptz, ${step.endedAt}::timestamptz, ${step.error}, ${keyId}, ${sealed}
            from runbook_runs where id = ${id}::uuid and replica = ${replica}::uuid and ${live} for share
          on conflict (run, n) do update set state = excluded.state, connection = excluded.connection, session = excluded.session,
            ended_at = excluded.ended_at, error = excluded.error, key_id = excluded.key_id, sealed = excluded.sealed
          returning n`.execute(db);
        if (rows.length > 0) await changes.publish("runbooks");
        return rows.length > 0;
      }),
    beat: (replica, ids) =>
      mapped(async () => {
        if (ids.length === 0) return [];
        const { rows } = await sql<{ id: string; cancelled_by: string | null }>`update runbook_runs set seen_at = now()
          where id = any(${[...ids]}::uuid[]) and replica = ${replica}::uuid returning id, cancelled_by`.execute(db);
        return rows.map((row) => ({ id: row.id, cancelledBy: row.cancelled_by }));
      }),
    adopt: (replica, held, lostMs, limit) =>
      mapped(async () => {
        const { rows } = await sql<RunRow>`update runbook_runs set replica = ${replica}::uuid, seen_at = now()
          where id in (select id from runbook_runs where ${live}
            and (replica is null or seen_at < now() - make_interval(secs => ${lostMs / 1_000})) and id <> all(${[...held]}::uuid[])
            order by seen_at limit ${limit} for update skip locked)
          returning ${runColumns}`.execute(db);
        return rows.map(runFromRow);
      }),
    untold: (replica, lostMs, limit) =>
      mapped(async () => {
        const { rows } = await sql<RunRow>`update runbook_runs set replica = ${replica}::uuid, seen_at = now()
          where id in (select id from runbook_runs where ended_at is not null and told_at is null
            and seen_at < now() - make_interval(secs => ${lostMs / 1_000})
            order by seen_at limit ${limit} for update skip locked)
          returning ${runColumns}`.execute(db);
        return rows.map(runFromRow);
      }),
    told: (id) =>
      mapped(async () => {
        await sql`update runbook_runs set told_at = now() where id = ${id}::uuid and ended_at is not null`.execute(db);
      }),
    release: (id, replica) =>
      mapped(async () => {
        await sql`update runbook_runs set replica = null where id = ${id}::uuid and replica = ${replica}::uuid`.execute(
          db,
        );
      }),
    sweepRuns: (keepDays, signal) =>
      mapped(() =>
        deleteInBatches(signal, async (limit) => {
          const { numAffectedRows } = await sql`delete from runbook_runs where id in (select id from runbook_runs
            where ended_at < now() - ${keepDays} * interval '1 day' and told_at is not null
            order by ended_at limit ${limit} for update skip locked)`.execute(db);
          return Number(numAffectedRows);
        }),
      ),
    askCancel: (id, by) =>
      mapped(async () => {
        const { rows } = await sql`update runbook_runs set cancelled_by = coalesce(cancelled_by, ${by})
          where id = ${id}::uuid and ${live} returning id`.execute(db);
        return rows.length > 0;
      }),
  };
}
