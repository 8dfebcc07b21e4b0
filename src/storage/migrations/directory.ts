import { type Migration, sql } from "kysely";

export const directoryMigrations: Readonly<Record<string, Migration>> = {
  "0031-directory": {
    async up(db) {
      await sql`
        create table directories (
          id uuid primary key,
          name text not null unique,
          description text not null,
          group_prefix text not null,
          may_fill text[] not null,
          enabled boolean not null,
          provider text,
          match_by text not null default 'externalId' check (match_by in ('externalId', 'userName')),
          created_at timestamptz not null
        )`.execute(db);
      await sql`
        create table directory_tokens (
          id uuid primary key,
          directory_id uuid not null references directories on delete cascade,
          hash bytea not null unique,
          label text not null,
          created_at timestamptz not null,
          created_by text not null,
          expires_at timestamptz not null,
          last_used_at timestamptz
        )`.execute(db);
      await sql`
        create table directory_people (
          subject_id uuid primary key references subjects on delete cascade,
          directory_id uuid not null references directories on delete cascade,
          user_name text not null,
          external_id text,
          active boolean not null,
          attributes jsonb not null,
          created_at timestamptz not null default now(),
          changed_at timestamptz not null default now(),
          version integer not null default 1
        )`.execute(db);
      await sql`create unique index directory_people_name on directory_people (directory_id, lower(user_name))`.execute(
        db,
      );
      await sql`create index directory_people_external on directory_people (directory_id, external_id)`.execute(db);
      await sql`
        create table directory_teams (
          id uuid primary key,
          directory_id uuid not null references directories on delete cascade,
          group_name text not null unique references subject_groups on delete cascade,
          display_name text not null,
          external_id text,
          created_at timestamptz not null default now(),
          changed_at timestamptz not null default now(),
          version integer not null default 1
        )`.execute(db);
      await sql`create index directory_teams_directory on directory_teams (directory_id, lower(display_name))`.execute(
        db,
      );
      // Names of those who were removed by their directory: a provider's word alone does not bring them back.
      await sql`create table directory_departed (name text primary key, subject_id uuid not null, at timestamptz not null default now())`.execute(
        db,
      );
      // Disabled by somebody here, whatever a directory says.
      await sql`alter table subjects add column disabled_here boolean not null default false`.execute(db);
      await sql`update subjects set disabled_here = true where disabled_at is not null`.execute(db);
    },
  },
};
