import { type Migration, sql } from "kysely";

export const connectionsMigrations: Readonly<Record<string, Migration>> = {
  "0003-connections": {
    async up(db) {
      await sql`
        create table connections (
          id uuid primary key,
          name text not null unique,
          protocol text not null,
          host text not null,
          port integer not null check (port between 1 and 65535),
          agent text,
          labels jsonb not null,
          tls jsonb not null,
          target jsonb not null,
          exposes_credential_to_agent boolean not null,
          version integer not null default 1,
          created_at timestamptz not null default now(),
          changed_at timestamptz not null default now()
        )`.execute(db);
    },
  },
};
