import { type Migration, sql } from "kysely";

/** The groups that Hoop itself knows. */
const builtIn = [
  { name: "admins", description: "May change everything: users, connections, rules, agents, secrets." },
  { name: "auditors", description: "May read every session, statement and change." },
  { name: "engineers", description: "Use connections, as the rules allow." },
];

export const identityMigrations: Readonly<Record<string, Migration>> = {
  "0002-identity": {
    async up(db) {
      // One sequence for all that an open session rests on: what is above the last number seen is what changed.
      await sql`create sequence subject_versions as integer`.execute(db);
      await sql`
        create table subjects (
          id uuid primary key,
          kind text not null check (kind in ('person', 'service', 'agent')),
          name text not null,
          email text,
          password_hash text,
          version integer not null unique default nextval('subject_versions'),
          created_at timestamptz not null default now(),
          disabled_at timestamptz,
          removed_at timestamptz
        )`.execute(db);
      // A removed subject keeps its row, for the audit; its name is free again.
      await sql`create unique index subjects_name on subjects (name) where removed_at is null`.execute(db);
      await sql`create table subject_groups (name text primary key, description text not null, created_at timestamptz not null default now())`.execute(
        db,
      );
      await sql`
        create table subject_group_members (
          subject_id uuid not null references subjects on delete cascade,
          group_name text not null references subject_groups on delete cascade,
          primary key (subject_id, group_name)
        )`.execute(db);
      await sql`create index subject_group_members_group on subject_group_members (group_name)`.execute(db);
      for (const { name, description } of builtIn) {
        await sql`insert into subject_groups (name, description) values (${name}, ${description})`.execute(db);
      }
      await sql`
        create table logins (
          id uuid primary key,
          subject_id uuid not null references subjects on delete cascade,
          kind text not null check (kind in ('token', 'browser')),
          client text not null,
          address text not null,
          created_at timestamptz not null default now(),
          expires_at timestamptz not null,
          ended_at timestamptz,
          ended_because text,
          ended_version integer unique
        )`.execute(db);
      await sql`create index logins_subject on logins (subject_id) where ended_at is null`.execute(db);
      await sql`create index logins_expiry on logins (expires_at)`.execute(db);
      await sql`
        create table login_tokens (
          hash bytea primary key,
          login_id uuid not null references logins on delete cascade,
          kind text not null check (kind in ('access', 'refresh', 'browser')),
          expires_at timestamptz not null,
          used_at timestamptz
        )`.execute(db);
      await sql`create index login_tokens_login on login_tokens (login_id)`.execute(db);
      await sql`create index login_tokens_expiry on login_tokens (expires_at)`.execute(db);
      await sql`
        create table device_logins (
          device_hash bytea primary key,
          user_code_hash bytea not null unique,
          client text not null,
          address text not null,
          created_at timestamptz not null default now(),
          expires_at timestamptz not null,
          answer text check (answer in ('approved', 'denied')),
          subject_id uuid references subjects on delete cascade
        )`.execute(db);
      await sql`create table setup_tokens (hash bytea primary key, expires_at timestamptz not null)`.execute(db);
    },
  },
};
