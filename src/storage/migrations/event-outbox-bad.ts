import { type Migration, sql } from "kysely";

/** When an event that cannot be read was set aside, so that it does not stay for ever. */
export const eventOutboxBadMigrations: Readonly<Record<string, Migration>> = {
  "0064-event-outbox-bad": {
    async up(db) {
      await sql`alter table event_outbox add column bad_at timestamptz`.execute(db);
      await sql`update event_outbox set bad_at = now() where bad is not null`.execute(db);
      // Those that wait are taken in their order; the ones set aside are not passed over each time.
      await sql`create index event_outbox_bad on event_outbox (bad_at) where bad is not null`.execute(db);
    },
  },
};
