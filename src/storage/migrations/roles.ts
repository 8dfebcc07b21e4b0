import { type Migration, sql } from "kysely";

/** The groups that had rights by their name keep them, as bindings of the built-in roles. */
const first = [
  ["admins", "admin"],
  ["auditors", "auditor"],
  ["engineers", "engineer"],
] as const;

export const rolesMigrations: Readonly<Record<string, Migration>> = {
  "0030-roles": {
    async up(db) {
      // Built-in roles are part of the program: only those of people's own making are kept here.
      await sql`
        create table roles (
          name text primary key,
          description text not null,
          permissions text[] not null,
          version integer not null,
          changed_at timestamptz not null default now()
        )`.execute(db);
      await sql`
        create table role_bindings (
          id uuid primary key,
          role text not null,
          group_name text references subject_groups on delete cascade,
          subject_id uuid references subjects on delete cascade,
          scope jsonb,
          created_at timestamptz not null default now(),
          created_by text not null,
          check (num_nonnulls(group_name, subject_id) = 1)
        )`.execute(db);
      await sql`create index role_bindings_group on role_bindings (group_name)`.execute(db);
      await sql`create index role_bindings_subject on role_bindings (subject_id)`.execute(db);
      for (const [group, role] of first) {
        await sql`insert into role_bindings (id, role, group_name, created_by)
          select gen_random_uuid(), ${role}, name, 'Hoop' from subject_groups where name = ${group}`.execute(db);
      }
    },
  },
};
