import { type Kysely, type Migration, sql } from "kysely";

export const secretsMigrations: Readonly<Record<string, Migration>> = {
  "0006-secrets": {
    async up(db: Kysely<unknown>) {
      await sql`
        create table data_keys (
          id uuid primary key,
          purpose text not null,
          generation integer not null,
          master_key text not null,
          sealed bytea not null,
          created_at timestamptz not null default now(),
          unique (purpose, generation)
        )`.execute(db);
      // The reference keeps a data key for as long as anything is sealed under it.
      await sql`
        create table secrets (
          kind text not null,
          id text not null,
          key_id uuid not null references data_keys (id),
          sealed bytea not null,
          version bigint not null default 1,
          updated_at timestamptz not null default now(),
          primary key (kind, id)
        )`.execute(db);
      await sql`create index secrets_by_key on secrets (key_id)`.execute(db);
    },
  },
};
