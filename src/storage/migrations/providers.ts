import { type Migration, sql } from "kysely";

export const providersMigrations: Readonly<Record<string, Migration>> = {
  "0032-sign-in-providers": {
    async up(db) {
      await sql`
        create table identity_providers (
          id text primary key,
          name text not null unique,
          settings jsonb not null,
          version integer not null default 1,
          created_at timestamptz not null default now()
        )`.execute(db);
      // No reference to the provider: those of the configuration have no row.
      await sql`
        create table identity_links (
          provider_id text not null,
          external_id text not null,
          subject_id uuid not null references subjects on delete cascade,
          groups text[] not null default '{}',
          created_at timestamptz not null default now(),
          last_sign_in_at timestamptz,
          primary key (provider_id, external_id)
        )`.execute(db);
      await sql`create index identity_links_subject on identity_links (subject_id)`.execute(db);
      await sql`
        create table sign_in_attempts (
          state_hash bytea primary key,
          provider_id text not null,
          browser_hash bytea not null,
          return_to text not null,
          request_id text,
          answer text,
          expires_at timestamptz not null
        )`.execute(db);
      await sql`create index sign_in_attempts_expiry on sign_in_attempts (expires_at)`.execute(db);
      await sql`
        create table used_once (
          kind text not null,
          id_hash bytea not null,
          expires_at timestamptz not null,
          primary key (kind, id_hash)
        )`.execute(db);
      await sql`
        create table provider_sessions (
          id uuid primary key,
          provider_id text not null,
          external_id text not null,
          subject_id uuid not null references subjects on delete cascade,
          sid text,
          created_at timestamptz not null default now(),
          ends_at timestamptz,
          refresh_at timestamptz,
          lease_until timestamptz,
          ended_at timestamptz
        )`.execute(db);
      await sql`create index provider_sessions_whose on provider_sessions (provider_id, external_id)`.execute(db);
      await sql`create index provider_sessions_sid on provider_sessions (provider_id, sid) where sid is not null`.execute(
        db,
      );
      await sql`
        create table provider_logins (
          login_id uuid primary key references logins on delete cascade,
          session_id uuid not null references provider_sessions on delete cascade
        )`.execute(db);
      await sql`create index provider_logins_session on provider_logins (session_id)`.execute(db);
      await sql`alter table pending_sign_ins add column provider_session_id uuid references provider_sessions on delete cascade`.execute(
        db,
      );
      await sql`alter table device_logins add column provider_session_id uuid references provider_sessions on delete cascade`.execute(
        db,
      );
    },
  },
};
