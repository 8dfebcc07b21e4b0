import { type Migration, sql } from "kysely";

export const credentialsMigrations: Readonly<Record<string, Migration>> = {
  "0040-connection-credential": {
    async up(db) {
      await sql`alter table connections add column credential jsonb`.execute(db);
    },
  },
  "0041-ephemeral-users": {
    async up(db) {
      await sql`create table credential_replicas (id uuid primary key, seen_at timestamptz not null)`.execute(db);
      await sql`
        create table ephemeral_users (
          id uuid primary key,
          replica uuid not null,
          place uuid not null,
          connection_name text not null,
          name text not null,
          heir text not null,
          subject_id text not null,
          subject_name text not null,
          made_at timestamptz not null
        )`.execute(db);
      await sql`create index ephemeral_users_made on ephemeral_users (made_at)`.execute(db);
    },
  },
  "0042-native-credentials": {
    async up(db) {
      await sql`
        create table native_credentials (
          id uuid primary key,
          user_name text not null unique,
          subject_id uuid not null,
          subject_name text not null,
          connection_id uuid not null,
          connection_name text not null,
          addresses text[] not null,
          made_at timestamptz not null,
          expires_at timestamptz not null,
          revoked_at timestamptz,
          used_at timestamptz,
          salt bytea not null,
          iterations integer not null,
          stored_key bytea not null,
          server_key bytea not null
        )`.execute(db);
      await sql`create index native_credentials_subject on native_credentials (subject_id)`.execute(db);
    },
  },
  "0043-rotations": {
    async up(db) {
      await sql`
        create table credential_rotations (
          connection_id uuid primary key,
          connection_name text not null,
          state text not null check (state in ('pending', 'done', 'failed')),
          began_at timestamptz not null,
          changed_at timestamptz,
          replica uuid not null,
          problem text
        )`.execute(db);
    },
  },
};
