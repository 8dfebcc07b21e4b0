import { type Migration, sql } from "kysely";

/** Policy documents as they were written, one revision for all of them, and who changed what. */
export const policyMigrations: Readonly<Record<string, Migration>> = {
  "0001-policy": {
    async up(db) {
      await sql`
        create table policy_revision (
          only_row boolean primary key default true check (only_row),
          revision bigint not null
        )`.execute(db);
      await sql`insert into policy_revision (revision) values (0)`.execute(db);
      await sql`
        create table policy_documents (
          name text primary key,
          kind text not null,
          document jsonb not null,
          revision bigint not null,
          changed_at timestamptz not null default now()
        )`.execute(db);
      await sql`
        create table policy_history (
          id bigint generated always as identity primary key,
          revision bigint not null,
          at timestamptz not null default now(),
          subject_id uuid,
          subject_name text not null,
          kind text not null,
          name text not null,
          before jsonb,
          after jsonb
        )`.execute(db);
    },
  },
};
