import { type Kysely, type Migration, sql } from "kysely";
import { packBodies } from "../recording/packed.js";

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
  "0009-recording-blocks": {
    async up(db: Kysely<unknown>) {
      // Entries first to last of a chain: their bodies, one a line, zlib. A row an entry cost more than all that was recorded.
      await sql`
        create table recording_blocks (
          chain uuid not null,
          first bigint not null,
          last bigint not null,
          at timestamptz not null,
          body bytea not null,
          primary key (chain, first)
        )`.execute(db);
      // Packed and sealed bytes do not compress; trying costs time on every insert.
      await sql`alter table recording_blocks alter column body set storage external`.execute(db);
      await sql`create index recording_blocks_at on recording_blocks using brin (at)`.execute(db);
      // In which blocks a session has entries.
      await sql`
        create table recording_session_blocks (
          session uuid not null,
          chain uuid not null,
          first bigint not null,
          primary key (session, chain, first)
        )`.execute(db);
      // Where the entries of no session are.
      await sql`
        create table recording_changes (
          at timestamptz not null,
          chain uuid not null,
          seq bigint not null,
          primary key (at, chain, seq)
        )`.execute(db);
      await sql`create table recording_analyses (hash bytea primary key, body text not null)`.execute(db);
      // Sealed parts of entries first to last; large ones stay in recording_payloads, with their chunks.
      await sql`
        create table recording_sealed_blocks (
          chain uuid not null,
          first bigint not null,
          last bigint not null,
          at timestamptz not null,
          payloads integer not null,
          body bytea not null,
          primary key (chain, first)
        )`.execute(db);
      await sql`alter table recording_sealed_blocks alter column body set storage external`.execute(db);
      await sql`create index recording_sealed_blocks_at on recording_sealed_blocks using brin (at)`.execute(db);
      await packEntries(db);
      await sql`drop table recording_entries`.execute(db);
    },
  },
};

/** What was recorded a row an entry before. */
async function packEntries(db: Kysely<unknown>): Promise<void> {
  const chains = await sql<{ chain: string }>`select distinct chain from recording_entries`.execute(db);
  for (const { chain } of chains.rows) {
    for (let after = "0"; ; ) {
      const { rows } = await sql<{ seq: string; at: Date; session: string | null; body: string }>`
        select seq, at, session, body from recording_entries where chain = ${chain} and seq > ${after} order by seq limit 2000`.execute(
        db,
      );
      const [first, last] = [rows[0], rows.at(-1)];
      if (first === undefined || last === undefined) break;
      const packed = await packBodies(rows.map((row) => Buffer.from(row.body)));
      await sql`insert into recording_blocks values (${chain}, ${first.seq}, ${last.seq}, ${last.at}, ${packed})`.execute(
        db,
      );
      await sql`
        insert into recording_session_blocks
        select distinct session, chain, ${first.seq}::bigint from recording_entries
        where chain = ${chain} and seq between ${first.seq} and ${last.seq} and session is not null`.execute(db);
      await sql`
        insert into recording_changes
        select at, chain, seq from recording_entries
        where chain = ${chain} and seq between ${first.seq} and ${last.seq} and session is null`.execute(db);
      after = last.seq;
    }
  }
}
