import { type Migration, sql } from "kysely";

export const attemptsMigrations: Readonly<Record<string, Migration>> = {
  "0031-attempts": {
    async up(db) {
      // Unlogged: written with every try to sign in, and worth nothing an hour later.
      await sql`create unlogged table throttle_tries (
        key bytea primary key, free integer not null, count integer not null, at timestamptz not null, until timestamptz not null)`.execute(
        db,
      );
      await sql`create index throttle_tries_at on throttle_tries (at)`.execute(db);
      await sql`create unlogged table throttle_turns (
        account bytea primary key, failures integer not null, at timestamptz not null, next_at timestamptz not null)`.execute(
        db,
      );
      await sql`create unlogged table throttle_places (place bytea primary key, until timestamptz not null)`.execute(
        db,
      );
      // After the free ones each failure doubles the wait, up to five minutes.
      await sql`create function hoop_attempt_wait(failures integer, free integer) returns interval language sql immutable as $$
        select case when failures < free then interval '0'
          else least(make_interval(secs => 2 ^ least(failures - free, 20)), interval '5 minutes') end $$`.execute(db);
    },
  },
};
