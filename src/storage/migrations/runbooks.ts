import { type Migration, sql } from "kysely";

export const runbooksMigrations: Readonly<Record<string, Migration>> = {
  "0060-runbooks": {
    async up(db) {
      await sql`
        create table runbooks (
          name text primary key,
          version integer not null,
          removed_at timestamptz
        )`.execute(db);
      await sql`
        create table runbook_versions (
          name text not null references runbooks,
          version integer not null,
          text text not null,
          hash text not null,
          origin jsonb not null,
          by_id text not null,
          by_name text not null,
          at timestamptz not null default now(),
          primary key (name, version)
        )`.execute(db);
      await sql`
        create table runbook_sources (
          name text primary key,
          source jsonb not null,
          looked_at timestamptz,
          synced_at timestamptz,
          commit text,
          problem text
        )`.execute(db);
      await sql`
        create table runbook_runs (
          id uuid primary key,
          runbook text not null,
          version integer not null,
          hash text not null,
          state text not null,
          origin text not null,
          subject_id uuid not null,
          subject_name text not null,
          asker_id uuid not null,
          asker_name text not null,
          acting jsonb not null,
          cause jsonb not null,
          key text not null,
          key_id text not null,
          parameters bytea not null,
          review text,
          replica uuid,
          seen_at timestamptz not null default now(),
          cancelled_by text,
          created_at timestamptz not null default now(),
          started_at timestamptz,
          ended_at timestamptz,
          error text,
          unique (runbook, key)
        )`.execute(db);
      await sql`create index runbook_runs_created on runbook_runs (created_at, id)`.execute(db);
      await sql`create index runbook_runs_open on runbook_runs (seen_at) where state in ('waiting', 'running')`.execute(
        db,
      );
      await sql`
        create table runbook_steps (
          run uuid not null references runbook_runs on delete cascade,
          n integer not null,
          phase text not null,
          name text not null,
          state text not null,
          connection text,
          session uuid,
          started_at timestamptz not null,
          ended_at timestamptz,
          error text,
          key_id text not null,
          sealed bytea not null,
          primary key (run, n)
        )`.execute(db);
      await sql`
        create table runbook_schedules (
          runbook text not null,
          n integer not null,
          fingerprint text not null,
          next_at timestamptz not null,
          primary key (runbook, n)
        )`.execute(db);
    },
  },
};
