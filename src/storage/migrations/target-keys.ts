import { type Migration, sql } from "kysely";

export const targetKeysMigrations: Readonly<Record<string, Migration>> = {
  "0011-target-keys": {
    async up(db) {
      await sql`
        create table target_keys (
          connection uuid not null,
          endpoint text not null,
          key text not null,
          seen_at timestamptz not null default now(),
          primary key (connection, endpoint)
        )`.execute(db);
    },
  },
};
