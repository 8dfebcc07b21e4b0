import { type Migration, sql } from "kysely";

/** Whether the end of a run is in the audit, and runs by their end, for those that are deleted. */
export const runbookEndsMigrations: Readonly<Record<string, Migration>> = {
  "0063-runbook-ends": {
    async up(db) {
      await sql`alter table runbook_runs add column told_at timestamptz`.execute(db);
      await sql`update runbook_runs set told_at = ended_at where ended_at is not null`.execute(db);
      await sql`create index runbook_runs_untold on runbook_runs (seen_at) where ended_at is not null and told_at is null`.execute(
        db,
      );
      await sql`create index runbook_runs_ended on runbook_runs (ended_at) where ended_at is not null`.execute(db);
    },
  },
};
