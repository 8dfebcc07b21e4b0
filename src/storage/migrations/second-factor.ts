import { type Migration, sql } from "kysely";

export const secondFactorMigrations: Readonly<Record<string, Migration>> = {
  "0020-second-factor": {
    async up(db) {
      await sql`
        create table factors (
          id uuid primary key,
          subject_id uuid not null references subjects on delete cascade,
          kind text not null check (kind in ('totp', 'passkey')),
          name text not null,
          created_at timestamptz not null default now(),
          last_used_at timestamptz,
          -- Null: usable. Else a TOTP that is being set up, until then.
          draft_until timestamptz,
          -- Of a TOTP: the last step that was used; its secret is sealed elsewhere.
          last_step bigint,
          credential_id bytea unique,
          public_key bytea,
          counter bigint,
          transports text[],
          rp_id text,
          backed_up boolean,
          check (kind <> 'passkey' or (credential_id is not null and public_key is not null and counter is not null
            and transports is not null and rp_id is not null and backed_up is not null and draft_until is null))
        )`.execute(db);
      await sql`create index factors_subject on factors (subject_id)`.execute(db);
      await sql`create unique index factors_totp on factors (subject_id) where kind = 'totp' and draft_until is null`.execute(
        db,
      );
      await sql`create unique index factors_totp_draft on factors (subject_id) where kind = 'totp' and draft_until is not null`.execute(
        db,
      );
      await sql`
        create table recovery_codes (
          subject_id uuid not null references subjects on delete cascade,
          hash bytea not null,
          used_at timestamptz,
          primary key (subject_id, hash)
        )`.execute(db);
      await sql`
        create table passkey_ceremonies (
          challenge bytea primary key,
          purpose text not null check (purpose in ('register', 'sign-in', 'factor', 'step-up')),
          subject_id uuid references subjects on delete cascade,
          bound text not null,
          rp_id text not null,
          origin text not null,
          expires_at timestamptz not null
        )`.execute(db);
      await sql`
        create table pending_sign_ins (
          hash bytea primary key,
          subject_id uuid not null references subjects on delete cascade,
          answer_as text not null check (answer_as in ('tokens', 'browser')),
          enrol boolean not null,
          client text not null,
          address text not null,
          tries integer not null default 0,
          expires_at timestamptz not null
        )`.execute(db);
      await sql`
        create table step_up_challenges (
          id text primary key,
          subject_id uuid not null references subjects on delete cascade,
          connection text not null,
          session_id uuid,
          shown text,
          created_at timestamptz not null default now(),
          expires_at timestamptz not null,
          answered_at timestamptz,
          closed_at timestamptz
        )`.execute(db);
      await sql`create index step_up_challenges_subject on step_up_challenges (subject_id)`.execute(db);
      await sql`create sequence freshness_versions`.execute(db);
      // The connection is empty for the account itself. An answer that was taken back keeps its row, so that replicas hear of it.
      await sql`
        create table factor_answers (
          subject_id uuid not null references subjects on delete cascade,
          connection text not null,
          answered_at timestamptz,
          version bigint not null unique default nextval('freshness_versions'),
          primary key (subject_id, connection)
        )`.execute(db);
      await sql`
        create table known_networks (
          subject_id uuid not null references subjects on delete cascade,
          network text not null,
          last_at timestamptz not null default now(),
          primary key (subject_id, network)
        )`.execute(db);
      await sql`
        create table factor_policy (
          one boolean primary key default true check (one),
          mode text not null check (mode in ('optional', 'required')),
          groups text[] not null,
          grace_ms bigint not null,
          since timestamptz not null default now()
        )`.execute(db);
      await sql`insert into factor_policy (mode, groups, grace_ms) values ('optional', '{}', 0)`.execute(db);
      await sql`alter table logins add column proved_at timestamptz, add column proved_by text check (proved_by in ('password', 'factor')),
        add column with_factor boolean not null default false`.execute(db);
      await sql`alter table device_logins add column with_factor boolean not null default false`.execute(db);
    },
  },
};
