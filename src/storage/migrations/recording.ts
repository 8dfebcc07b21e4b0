import { type Kysely, type Migration, sql } from "kysely";

export const recordingMigrations: Readonly<Record<string, Migration>> = {
  "0008-recording": {
    async up(db: Kysely<unknown>) {
      // Where each chain stands; the row is the lock under which a chain grows.
      await sql`
        create table recording_chains (
          chain uuid primary key,
          seq bigint not null,
          hash bytea not null,
          started_at timestamptz not null default now(),
          updated_at timestamptz not null default now()
        )`.execute(db);
      // body is text and not jsonb: its exact bytes are what was hashed.
      await sql`
        create table recording_entries (
          chain uuid not null,
          seq bigint not null,
          at timestamptz not null,
          kind text not null,
          session uuid,
          hash bytea not null,
          body text not null,
          primary key (chain, seq)
        )`.execute(db);
      await sql`create index recording_entries_session on recording_entries (session, chain, seq) where session is not null`.execute(
        db,
      );
      await sql`create index recording_entries_changes on recording_entries (at, chain, seq) where session is null`.execute(
        db,
      );
      // Entries arrive almost in the order of time: a block range is enough to find a day.
      await sql`create index recording_entries_at on recording_entries using brin (at)`.execute(db);
      await sql`
        create table recording_payloads (
          hash bytea primary key,
          at timestamptz not null,
          bytes bigint not null,
          sealed bytea not null,
          chunks integer not null default 0
        )`.execute(db);
      await sql`create index recording_payloads_at on recording_payloads using brin (at)`.execute(db);
      await sql`
        create table recording_payload_chunks (
          hash bytea not null,
          n integer not null,
          sealed bytea not null,
          primary key (hash, n)
        )`.execute(db);
      // Sealed bytes do not compress; trying costs time on every insert.
      await sql`alter table recording_payloads alter column sealed set storage external`.execute(db);
      await sql`alter table recording_payload_chunks alter column sealed set storage external`.execute(db);
      await sql`
        create table recording_heads (
          id bigint generated always as identity primary key,
          chain uuid not null,
          seq bigint not null,
          at timestamptz not null,
          body text not null,
          signature text not null,
          unique (chain, seq, at)
        )`.execute(db);
      await sql`create index recording_heads_newest on recording_heads (chain, id desc)`.execute(db);
      await sql`
        create table recording_sessions (
          session uuid primary key,
          chain uuid not null,
          subject text not null,
          name text not null,
          connection text not null,
          protocol text not null,
          from_address text not null,
          refused boolean not null,
          started_at timestamptz not null,
          ended_at timestamptz,
          end_reason text,
          statements bigint not null default 0,
          allowed bigint not null default 0,
          denied bigint not null default 0,
          held bigint not null default 0,
          challenged bigint not null default 0
        )`.execute(db);
      await sql`create index recording_sessions_started on recording_sessions (started_at desc, session)`.execute(db);
      await sql`create index recording_sessions_subject on recording_sessions (subject, started_at desc)`.execute(db);
      await sql`create index recording_sessions_connection on recording_sessions (connection, started_at desc)`.execute(
        db,
      );
    },
  },
};
