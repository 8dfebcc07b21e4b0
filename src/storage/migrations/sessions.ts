import { type Migration, sql } from "kysely";

export const sessionsMigrations: Readonly<Record<string, Migration>> = {
  "0004-sessions": {
    async up(db) {
      await sql`create table replicas (id uuid primary key, seen_at timestamptz not null)`.execute(db);
      await sql`
        create table live_sessions (
          id uuid primary key,
          replica uuid not null references replicas on delete cascade,
          subject_id uuid not null,
          subject_name text not null,
          connection_id uuid not null,
          connection_name text not null,
          protocol text not null,
          address text not null,
          started_at timestamptz not null
        )`.execute(db);
      await sql`create index live_sessions_started on live_sessions (started_at, id)`.execute(db);
      await sql`create index live_sessions_replica on live_sessions (replica)`.execute(db);
      await sql`
        create table session_kills (
          session_id uuid primary key,
          asked_by text not null,
          reason text not null,
          asked_at timestamptz not null default now()
        )`.execute(db);
    },
  },
};
