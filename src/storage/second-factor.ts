import { sql } from "kysely";
import type { EnrolmentPolicy, FactorStore } from "../identity/factors/store.js";
import { subjectId } from "../vocabulary/index.js";
import { enrolledFactors } from "./second-factor/enrolled.js";
import { waitingQuestions } from "./second-factor/waiting.js";
import type { Db, Store } from "./store.js";
import { mapped } from "./store-error.js";

interface PolicyRow {
  mode: EnrolmentPolicy["mode"];
  groups: string[];
  grace_ms: string;
  since: Date;
}

/** Second factors on PostgreSQL. */
export function createFactorStore(store: Store): FactorStore {
  const { db, changes } = store;
  // What this process wrote it knows at once; the feed tells the other replicas.
  const own = new Set<() => void>();
  const told = (): void => {
    for (const listener of own) listener();
  };

  return {
    ...enrolledFactors(store, told),
    ...waitingQuestions(store),

    answered: async (subject, connection, challenge) => {
      const kept = await mapped(() =>
        db.transaction().execute(async (trx) => {
          // Bumped first, which locks the topic: versions are taken in the order of commits.
          await changes.publish("freshness", trx);
          if (challenge !== null) {
            const { rows } = await sql`update step_up_challenges set answered_at = clock_timestamp()
              where id = ${challenge} and subject_id = ${subject} and answered_at is null and closed_at is null
                and expires_at > now() returning id`.execute(trx);
            if (rows.length === 0) return false;
          }
          if (connection !== null)
            await sql`update step_up_challenges set answered_at = clock_timestamp()
              where subject_id = ${subject} and connection = ${connection} and answered_at is null and closed_at is null
                and expires_at > now()`.execute(trx);
          await sql`insert into factor_answers (subject_id, connection, answered_at)
            values (${subject}, ${connection ?? ""}, clock_timestamp())
            on conflict (subject_id, connection) do update
              set answered_at = excluded.answered_at, version = nextval('freshness_versions')`.execute(trx);
          return true;
        }),
      );
      if (kept) told();
      return kept;
    },

    freshnessSince: (version) =>
      mapped(async () => {
        const { rows } = await sql<{ subject_id: string; connection: string; age: number | null; version: string }>`
          select subject_id, connection, version,
            (extract(epoch from clock_timestamp() - answered_at) * 1000)::float8 as age
          from factor_answers where version > ${version}
            and (${version}::bigint > 0 or answered_at > now() - interval '1 day')`.execute(db);
        return {
          version: Math.max(version, ...rows.map((row) => Number(row.version))),
          rows: rows.map((row) => ({
            subject: subjectId(row.subject_id),
            connection: row.connection === "" ? null : row.connection,
            ageMs: row.age === null ? null : Math.max(0, row.age),
          })),
        };
      }),

    watchFreshness(listener) {
      const mine = () => listener();
      own.add(mine);
      const stop = changes.watch("freshness", mine);
      return () => {
        own.delete(mine);
        stop();
      };
    },

    proveLogin: (login, by) =>
      mapped(async () => {
        await sql`update logins set proved_at = clock_timestamp(), proved_by = ${by} where id = ${login} and ended_at is null`.execute(
          db,
        );
      }),

    loginProof: (login) =>
      mapped(async () => {
        const { rows } = await sql<{ by: "password" | "factor"; age: number }>`
          select proved_by as by, (extract(epoch from clock_timestamp() - proved_at) * 1000)::float8 as age
          from logins where id = ${login} and proved_at is not null and ended_at is null`.execute(db);
        return rows[0] === undefined ? null : { by: rows[0].by, ageMs: Math.max(0, rows[0].age) };
      }),

    policy: () => mapped(() => readPolicy(db)),

    setPolicy: ({ mode, groups, graceMs }) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          await sql`select one from factor_policy for update`.execute(trx);
          const before = await readPolicy(trx);
          const same = before.mode === mode && JSON.stringify(before.groups) === JSON.stringify(groups);
          await sql`update factor_policy set mode = ${mode}, groups = ${[...groups]}::text[], grace_ms = ${graceMs},
            since = ${same ? sql.ref("since") : sql`now()`}`.execute(trx);
          return { before, after: await readPolicy(trx) };
        }),
      ),

    sweep: () =>
      mapped(async () => {
        await sql`delete from factors where draft_until < now()`.execute(db);
        await sql`delete from passkey_ceremonies where expires_at < now()`.execute(db);
        await sql`delete from pending_sign_ins where expires_at < now()`.execute(db);
        await sql`delete from step_up_challenges where expires_at < now() - interval '1 day'`.execute(db);
        await sql`delete from factor_answers where answered_at < now() - interval '2 days'`.execute(db);
        await sql`delete from known_networks where last_at < now() - interval '90 days'`.execute(db);
      }),
  };
}

async function readPolicy(db: Db): Promise<EnrolmentPolicy> {
  const { rows } = await sql<PolicyRow>`select mode, groups, grace_ms, since from factor_policy`.execute(db);
  const { mode, groups, grace_ms, since } = rows[0]!;
  return { mode, groups, graceMs: Number(grace_ms), since };
}
