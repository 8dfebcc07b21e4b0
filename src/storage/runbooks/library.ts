import { sql } from "kysely";
import type { RunbookStore } from "../../runbooks/store.js";
import { HoopError } from "../../vocabulary/index.js";
import type { Store } from "../store.js";
import { mapped } from "../store-error.js";
import { runbookFromRow, type SourceRow, sourceFromRow, type VersionRow, versionColumns } from "./rows.js";

type Library = Pick<
  RunbookStore,
  "put" | "get" | "list" | "versions" | "remove" | "sources" | "putSource" | "removeSource" | "synced" | "claimSource"
>;

/** Runbooks with their versions, and the repositories that they come from. */
export function createLibrary({ db, changes }: Store): Library {
  return {
    put: ({ name, text, hash, origin, by }) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          await sql`insert into runbooks (name, version) values (${name}, 0) on conflict do nothing`.execute(trx);
          const { rows: held } = await sql<{ version: number; removed_at: Date | null }>`
            select version, removed_at from runbooks where name = ${name} for update`.execute(trx);
          const { version, removed_at } = held[0]!;
          const newest = await newestOf(name, version);
          if (newest !== null && removed_at === null) {
            const same =
              newest.origin.kind === origin.kind &&
              (origin.kind === "store" || (newest.origin.kind === "git" && newest.origin.source === origin.source));
            if (!same)
              throw new HoopError(
                "conflict",
                `${name} comes from elsewhere already: ${newest.origin.kind === "git" ? `the repository ${newest.origin.source}` : "the store"}`,
              );
            if (newest.hash === hash) return newest;
          }
          const { rows } = await sql<VersionRow>`
            insert into runbook_versions as v (name, version, text, hash, origin, by_id, by_name)
            values (${name}, ${version + 1}, ${text}, ${hash}, ${JSON.stringify(origin)}::jsonb, ${by.id}, ${by.name})
            returning ${versionColumns}`.execute(trx);
          await sql`update runbooks set version = ${version + 1}, removed_at = null where name = ${name}`.execute(trx);
          await changes.publish("runbooks", trx);
          return runbookFromRow(rows[0]!);

          async function newestOf(name: string, version: number) {
            const { rows } = await sql<VersionRow>`select ${versionColumns} from runbook_versions v
              where v.name = ${name} and v.version = ${version}`.execute(trx);
            return rows[0] === undefined ? null : runbookFromRow(rows[0]);
          }
        }),
      ),
    get: (name, version) =>
      mapped(async () => {
        const { rows } =
          await sql<VersionRow>`select ${versionColumns} from runbook_versions v join runbooks r using (name)
          where v.name = ${name} and v.version = coalesce(${version ?? null}::integer, case when r.removed_at is null then r.version end)`.execute(
            db,
          );
        return rows[0] === undefined ? null : runbookFromRow(rows[0]);
      }),
    list: () =>
      mapped(async () => {
        const { rows } = await sql<VersionRow>`select ${versionColumns} from runbook_versions v
          join runbooks r on r.name = v.name and r.version = v.version where r.removed_at is null order by v.name limit 5000`.execute(
          db,
        );
        return rows.map(runbookFromRow);
      }),
    versions: (name) =>
      mapped(async () => {
        const { rows } =
          await sql<VersionRow>`select v.name, v.version, '' as text, v.hash, v.origin, v.by_id, v.by_name, v.at
          from runbook_versions v where v.name = ${name} order by v.version desc limit 200`.execute(db);
        return rows.map(runbookFromRow);
      }),
    remove: (name) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows } = await sql`update runbooks set removed_at = now()
            where name = ${name} and removed_at is null returning name`.execute(trx);
          if (rows.length > 0) await changes.publish("runbooks", trx);
          return rows.length > 0;
        }),
      ),
    sources: () =>
      mapped(async () => {
        const { rows } =
          await sql<SourceRow>`select name, source, synced_at, commit, problem from runbook_sources order by name limit 200`.execute(
            db,
          );
        return rows.map(sourceFromRow);
      }),
    putSource: ({ name, ...source }) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          await sql`insert into runbook_sources (name, source) values (${name}, ${JSON.stringify(source)}::jsonb)
            on conflict (name) do update set source = excluded.source, looked_at = null`.execute(trx);
          await changes.publish("runbooks", trx);
        }),
      ),
    removeSource: (name) =>
      mapped(async () => {
        const { rows } = await sql`delete from runbook_sources where name = ${name} returning name`.execute(db);
        return rows.length > 0;
      }),
    synced: (name, { commit, problem }) =>
      mapped(async () => {
        await sql`update runbook_sources set synced_at = now(), looked_at = now(), commit = coalesce(${commit}, commit), problem = ${problem}
          where name = ${name}`.execute(db);
      }),
    claimSource: (name, everyMs) =>
      mapped(async () => {
        const { rows } = await sql`update runbook_sources set looked_at = now() where name = ${name}
          and (looked_at is null or looked_at < now() - make_interval(secs => ${everyMs / 1_000})) returning name`.execute(
          db,
        );
        return rows.length > 0;
      }),
  };
}
