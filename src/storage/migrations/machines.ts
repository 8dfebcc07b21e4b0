import { type Migration, sql } from "kysely";

export const machinesMigrations: Readonly<Record<string, Migration>> = {
  "0030-machines": {
    async up(db) {
      // Kinds of logins and tokens are the code's to know: several domains add some.
      await sql`alter table logins drop constraint if exists logins_kind_check`.execute(db);
      await sql`alter table login_tokens drop constraint if exists login_tokens_kind_check`.execute(db);
      // A key is a login of its machine, under the same id; this is what its list shows, also when the login is long swept away.
      await sql`
        create table service_keys (
          id uuid primary key,
          subject_id uuid not null references subjects on delete cascade,
          name text not null,
          hint text not null,
          bounds jsonb not null,
          sources text[] not null,
          created_at timestamptz not null default now(),
          created_by text not null,
          expires_at timestamptz not null,
          ended_at timestamptz,
          ended_because text,
          used_at timestamptz,
          used_from text
        )`.execute(db);
      await sql`create unique index service_keys_name on service_keys (subject_id, name) where ended_at is null`.execute(
        db,
      );
      await sql`
        create table federation_trusts (
          name text primary key,
          id uuid not null unique,
          subject_id uuid not null references subjects on delete cascade,
          issuer text not null,
          audience text not null,
          claims jsonb not null,
          condition text,
          bounds jsonb not null,
          life_s integer not null,
          single_use boolean not null,
          created_at timestamptz not null default now(),
          created_by text not null
        )`.execute(db);
      await sql`create index federation_trusts_issuer on federation_trusts (issuer)`.execute(db);
      await sql`create table federation_used (token_hash bytea primary key, expires_at timestamptz not null)`.execute(
        db,
      );
      await sql`create index federation_used_expiry on federation_used (expires_at)`.execute(db);
      await sql`
        create table delegations (
          id uuid primary key,
          machine_id uuid not null references subjects on delete cascade,
          person_id uuid not null references subjects on delete cascade,
          bounds jsonb not null,
          created_at timestamptz not null default now(),
          expires_at timestamptz not null,
          ended_at timestamptz,
          ended_because text
        )`.execute(db);
      await sql`create index delegations_machine on delegations (machine_id, expires_at)`.execute(db);
      await sql`create index delegations_person on delegations (person_id, expires_at)`.execute(db);
      await sql`
        create table machine_logins (
          login_id uuid primary key references logins on delete cascade,
          bounds jsonb not null,
          sources text[] not null,
          parent_id uuid,
          trust_id uuid,
          delegation_id uuid references delegations on delete cascade
        )`.execute(db);
      await sql`create index machine_logins_parent on machine_logins (parent_id)`.execute(db);
      await sql`create index machine_logins_trust on machine_logins (trust_id)`.execute(db);
      await sql`create index machine_logins_delegation on machine_logins (delegation_id)`.execute(db);
    },
  },
};
