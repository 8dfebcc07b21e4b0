import { type Migration, sql } from "kysely";

/** Runs are paged by the time that the API shows, which has milliseconds: finer ones would be skipped at the edge of a page. */
export const runbookTimesMigrations: Readonly<Record<string, Migration>> = {
  "0066-run-times": {
    async up(db) {
      await sql`alter table runbook_runs alter column created_at set default date_trunc('milliseconds', now())`.execute(
        db,
      );
      await sql`update runbook_runs set created_at = date_trunc('milliseconds', created_at)`.execute(db);
    },
  },
};
