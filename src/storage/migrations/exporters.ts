import { type Migration, sql } from "kysely";

export const exportersMigrations: Readonly<Record<string, Migration>> = {
  "0061-exporters": {
    async up(db) {
      await sql`
        create table exporters (
          name text primary key,
          sources jsonb not null,
          target jsonb not null,
          enabled boolean not null,
          version integer not null,
          cursor jsonb not null,
          created_at timestamptz not null default now(),
          delivered_at timestamptz,
          delivered bigint not null default 0,
          lost bigint not null default 0,
          failures integer not null default 0,
          problem text,
          replica uuid,
          leased_until timestamptz,
          wait_until timestamptz
        )`.execute(db);
    },
  },
};
