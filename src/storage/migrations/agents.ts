import { type Migration, sql } from "kysely";

export const agentMigrations: Readonly<Record<string, Migration>> = {
  "0001-agents": {
    async up(db) {
      await sql`
        create table agents (
          id uuid primary key,
          name text not null,
          created_at timestamptz not null default now(),
          certificate_expires_at timestamptz,
          revoked_at timestamptz
        )`.execute(db);
      // A revoked agent keeps its row, so that its certificates stay refused; its name is free again.
      await sql`create unique index agents_name on agents (name) where revoked_at is null`.execute(db);
      await sql`
        create table agent_join_tokens (
          hash bytea primary key,
          agent_name text not null,
          uses_left integer not null check (uses_left >= 0),
          expires_at timestamptz not null,
          created_by text not null,
          created_at timestamptz not null default now()
        )`.execute(db);
      await sql`create index agent_join_tokens_expiry on agent_join_tokens (expires_at)`.execute(db);
    },
  },
};
