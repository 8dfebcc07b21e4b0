import { type Kysely, type Migration, sql } from "kysely";

export const pkiMigrations: Readonly<Record<string, Migration>> = {
  "0007-pki": {
    async up(db: Kysely<unknown>) {
      await sql`
        create table authorities (
          id uuid primary key,
          kind text not null,
          generation integer not null,
          certificate text not null,
          issues_from timestamptz not null,
          expires_at timestamptz not null,
          created_at timestamptz not null default now(),
          unique (kind, generation)
        )`.execute(db);
    },
  },
};
