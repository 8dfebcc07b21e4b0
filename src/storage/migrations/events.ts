import { type Migration, sql } from "kysely";

/** Events on their way, the log of them, the rules that answer them, and what those do. */
export const eventsMigrations: Readonly<Record<string, Migration>> = {
  "0030-events": {
    async up(db) {
      // Bodies are JSON as text: JSON of PostgreSQL refuses U+0000, which a name that somebody tried may hold.
      await sql`create table event_outbox (
        n bigint generated always as identity primary key,
        id uuid not null unique,
        body text not null,
        bad text
      )`.execute(db);
      await sql`create table event_log (
        position bigint primary key,
        id uuid not null unique,
        type text not null,
        at timestamptz not null,
        subject_id text,
        subject_name text,
        connection text,
        session uuid,
        body text not null
      )`.execute(db);
      await sql`create index event_log_type on event_log (type, position)`.execute(db);
      await sql`create index event_log_session on event_log (session, position) where session is not null`.execute(db);
      await sql`create index event_log_at on event_log (at)`.execute(db);
      // One row: the newest position, and the lock of whoever puts events into the log.
      await sql`create table event_head (the_one boolean primary key default true check (the_one), position bigint not null)`.execute(
        db,
      );
      await sql`insert into event_head (position) values (0)`.execute(db);
      await sql`create table event_sessions (session uuid primary key, facts text not null, at timestamptz not null)`.execute(
        db,
      );
      await sql`create index event_sessions_at on event_sessions (at)`.execute(db);

      await sql`create table reaction_revision (the_one boolean primary key default true check (the_one), revision bigint not null)`.execute(
        db,
      );
      await sql`insert into reaction_revision (revision) values (0)`.execute(db);
      await sql`create table reaction_documents (
        name text primary key,
        kind text not null,
        document jsonb not null,
        revision bigint not null,
        changed_at timestamptz not null default now()
      )`.execute(db);
      await sql`create table reaction_history (
        id bigint generated always as identity primary key,
        revision bigint not null,
        at timestamptz not null default now(),
        by_name text not null,
        kind text not null,
        name text not null,
        before jsonb,
        after jsonb
      )`.execute(db);
      await sql`create table reaction_counts (
        rule text primary key,
        matched bigint not null default 0,
        fired bigint not null default 0,
        quiet bigint not null default 0,
        guarded bigint not null default 0,
        shadowed bigint not null default 0,
        last_at timestamptz,
        problem text
      )`.execute(db);
      await sql`create table reaction_windows (
        rule text not null,
        key text not null,
        state text not null,
        until timestamptz not null,
        primary key (rule, key)
      )`.execute(db);
      await sql`create index reaction_windows_until on reaction_windows (until)`.execute(db);
      await sql`create table reaction_firings (
        id uuid primary key,
        rule text not null,
        at timestamptz not null default now(),
        body text not null
      )`.execute(db);
      await sql`create index reaction_firings_rule on reaction_firings (rule, at desc)`.execute(db);
      await sql`create index reaction_firings_at on reaction_firings (at)`.execute(db);

      await sql`create table reaction_deliveries (
        id uuid primary key,
        n bigint generated always as identity unique,
        firing uuid not null,
        rule text not null,
        step int not null,
        kind text not null,
        target text not null,
        ordered boolean not null,
        body text not null,
        state text not null check (state in ('waiting', 'ready', 'done', 'dead')),
        attempts int not null default 0,
        next_at timestamptz not null default now(),
        leased_by uuid,
        leased_until timestamptz,
        error text,
        answer text,
        made_at timestamptz not null default now(),
        ended_at timestamptz
      )`.execute(db);
      await sql`create index reaction_deliveries_ready on reaction_deliveries (next_at) where state = 'ready'`.execute(
        db,
      );
      await sql`create index reaction_deliveries_target on reaction_deliveries (target, n) where state in ('ready', 'waiting')`.execute(
        db,
      );
      await sql`create index reaction_deliveries_firing on reaction_deliveries (firing, step)`.execute(db);
      await sql`create index reaction_deliveries_dead on reaction_deliveries (n desc) where state = 'dead'`.execute(db);
      await sql`create index reaction_deliveries_ended on reaction_deliveries (ended_at) where state in ('done', 'dead')`.execute(
        db,
      );

      await sql`create table restraints (
        id uuid primary key,
        kind text not null,
        rule text not null,
        firing uuid not null,
        session uuid,
        subject_id uuid,
        terms text not null,
        cause text not null,
        since timestamptz not null default now(),
        until timestamptz not null,
        ended_at timestamptz,
        ended_by text
      )`.execute(db);
      await sql`create index restraints_live on restraints (until) where ended_at is null`.execute(db);
      await sql`create index restraints_session on restraints (session) where session is not null`.execute(db);
    },
  },
};
