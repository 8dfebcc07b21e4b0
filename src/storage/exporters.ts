import { sql } from "kysely";
import type { ExportCursor, Exporter, ExporterStore } from "../exporters/store.js";
import type { ExportSource, ExportTarget } from "../exporters/target.js";
import type { Store } from "./store.js";
import { mapped } from "./store-error.js";

interface ExporterRow {
  name: string;
  sources: ExportSource[];
  target: ExportTarget;
  enabled: boolean;
  version: number;
  cursor: ExportCursor;
  created_at: Date;
  delivered_at: Date | null;
  delivered: string;
  lost: string;
  failures: number;
  problem: string | null;
  replica: string | null;
}

const columns = sql.raw(
  "name, sources, target, enabled, version, cursor, created_at, delivered_at, delivered, lost, failures, problem, case when leased_until > now() then replica end as replica",
);

/** Exporters with their cursors on PostgreSQL. */
export function createExporterStore({ db, changes }: Store): ExporterStore {
  return {
    list: () =>
      mapped(async () => {
        const { rows } = await sql<ExporterRow>`select ${columns} from exporters order by name limit 200`.execute(db);
        return rows.map(exporterFromRow);
      }),
    get: (name) =>
      mapped(async () => {
        const { rows } = await sql<ExporterRow>`select ${columns} from exporters where name = ${name}`.execute(db);
        return rows[0] === undefined ? null : exporterFromRow(rows[0]);
      }),
    put: ({ name, sources, target, enabled }, begin) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows } = await sql<ExporterRow>`
            insert into exporters (name, sources, target, enabled, version, cursor)
            values (${name}, ${JSON.stringify(sources)}::jsonb, ${JSON.stringify(target)}::jsonb, ${enabled}, 1, ${JSON.stringify(begin)}::jsonb)
            on conflict (name) do update set sources = excluded.sources, target = excluded.target, enabled = excluded.enabled,
              version = exporters.version + 1, failures = 0, problem = null, wait_until = null
            returning ${columns}`.execute(trx);
          await changes.publish("exporters", trx);
          return exporterFromRow(rows[0]!);
        }),
      ),
    remove: (name) =>
      mapped(async () => {
        const { rows } = await sql`delete from exporters where name = ${name} returning name`.execute(db);
        return rows.length > 0;
      }),
    lease: (name, replica, ms) =>
      mapped(async () => {
        const { rows } = await sql<ExporterRow>`update exporters
          set replica = ${replica}::uuid, leased_until = now() + make_interval(secs => ${ms / 1_000})
          where name = ${name} and enabled and (wait_until is null or wait_until <= now())
            and (replica = ${replica}::uuid or leased_until is null or leased_until <= now())
          returning ${columns}`.execute(db);
        return rows[0] === undefined ? null : exporterFromRow(rows[0]);
      }),
    delivered: (name, replica, version, cursor, lines, lost) =>
      mapped(async () => {
        const { rows } = await sql`update exporters set cursor = ${JSON.stringify(cursor)}::jsonb,
            delivered = delivered + ${lines}, lost = lost + ${lost}, failures = 0, problem = null,
            delivered_at = case when ${lines} > 0 then now() else delivered_at end
          where name = ${name} and replica = ${replica}::uuid and version = ${version} and leased_until > now()
          returning name`.execute(db);
        return rows.length > 0;
      }),
    failed: (name, replica, problem, waitMs) =>
      mapped(async () => {
        await sql`update exporters set failures = failures + 1, problem = ${problem.slice(0, 1_000)},
            wait_until = now() + make_interval(secs => ${waitMs / 1_000})
          where name = ${name} and replica = ${replica}::uuid`.execute(db);
      }),
    release: (name, replica) =>
      mapped(async () => {
        await sql`update exporters set leased_until = null where name = ${name} and replica = ${replica}::uuid`.execute(
          db,
        );
      }),
    watch: (listener) => changes.watch("exporters", listener),
  };
}

function exporterFromRow(row: ExporterRow): Exporter {
  const { name, sources, target, enabled, version, cursor, failures, problem, replica } = row;
  return {
    ...{ name, sources, target, enabled, version, cursor, failures, problem, replica },
    createdAt: row.created_at,
    deliveredAt: row.delivered_at,
    delivered: Number(row.delivered),
    lost: Number(row.lost),
  };
}
