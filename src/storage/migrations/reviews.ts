import { type Migration, sql } from "kysely";

/** What people wrote and what was held is sealed (`head`, `sealed`, `reason`); a digest is keyed, so that nobody can test guesses against it. */
export const reviewsMigrations: Readonly<Record<string, Migration>> = {
  "0011-reviews": {
    async up(db) {
      await sql`create sequence review_versions`.execute(db);
      await sql`
        create table reviews (
          id text primary key,
          kind text not null check (kind in ('statement', 'session', 'access')),
          requester_id uuid not null,
          requester_name text not null,
          requester_kind text not null,
          acts_for_id uuid,
          acts_for_name text,
          connection_ids uuid[] not null,
          connection_names text[] not null,
          session_id uuid,
          statement_id text,
          digest bytea not null,
          terms jsonb not null,
          groups text[] not null,
          escalated text[] not null default '{}',
          state text not null check (state in ('pending', 'approved', 'denied', 'expired', 'withdrawn', 'used')),
          opened_at timestamptz not null default now(),
          expires_at timestamptz not null,
          due_at timestamptz,
          approved_at timestamptz,
          use_by timestamptz,
          ended_at timestamptz,
          ended_why text,
          ended_by text,
          waiters integer not null default 0,
          key_id uuid not null,
          head bytea not null,
          version bigint not null unique default nextval('review_versions')
        )`.execute(db);
      // What somebody waits for twice is one review.
      await sql`
        create unique index reviews_open on reviews (requester_id, coalesce(acts_for_id, requester_id), digest)
        where state in ('pending', 'approved')`.execute(db);
      await sql`create index reviews_opened on reviews (opened_at, id)`.execute(db);
      await sql`create index reviews_requester on reviews (requester_id, opened_at)`.execute(db);
      await sql`create index reviews_pending on reviews (requester_id) where state = 'pending'`.execute(db);
      await sql`create index reviews_due on reviews (due_at) where due_at is not null`.execute(db);
      await sql`create index reviews_ended on reviews (ended_at) where ended_at is not null`.execute(db);
      await sql`create index reviews_groups on reviews using gin (groups) where state = 'pending'`.execute(db);
      await sql`
        create table review_bodies (
          review_id text primary key references reviews on delete cascade,
          key_id uuid not null,
          sealed bytea not null
        )`.execute(db);
      await sql`
        create table review_rehearsals (
          review_id text primary key references reviews on delete cascade,
          key_id uuid not null,
          sealed bytea not null
        )`.execute(db);
      await sql`
        create table review_decisions (
          review_id text not null references reviews on delete cascade,
          by_id uuid not null,
          by_name text not null,
          verdict text not null check (verdict in ('approve', 'deny', 'break-glass')),
          key_id uuid,
          reason bytea,
          at timestamptz not null,
          primary key (review_id, by_id)
        )`.execute(db);
      await sql`
        create table review_comments (
          review_id text not null references reviews on delete cascade,
          n integer not null,
          by_id uuid not null,
          by_name text not null,
          key_id uuid not null,
          sealed bytea not null,
          at timestamptz not null default now(),
          primary key (review_id, n)
        )`.execute(db);
      // A grant outlives the review that made it.
      await sql`
        create table grants (
          id text primary key,
          subject_id uuid not null,
          subject_name text not null,
          connection_ids uuid[] not null,
          connection_names text[] not null,
          effects text[] not null,
          ticket text,
          since timestamptz not null,
          until timestamptz not null,
          ended_at timestamptz,
          ended_by text,
          ended_why text
        )`.execute(db);
      await sql`create index grants_live on grants (until) where ended_at is null`.execute(db);
      await sql`create index grants_since on grants (since, id)`.execute(db);
      await sql`create index grants_subject on grants (subject_id, since)`.execute(db);
    },
  },
  "0021-reveals": {
    async up(db) {
      await sql`alter table reviews drop constraint reviews_kind_check,
        add constraint reviews_kind_check check (kind in ('statement', 'session', 'access', 'reveal'))`.execute(db);
    },
  },
  "0065-run-reviews": {
    async up(db) {
      await sql`alter table reviews drop constraint reviews_kind_check,
        add constraint reviews_kind_check check (kind in ('statement', 'session', 'access', 'reveal', 'run'))`.execute(
        db,
      );
    },
  },
};
