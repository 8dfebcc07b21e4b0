import { sql } from "kysely";
import type {
  RoleBinding,
  RoleState,
  RoleStore,
  RoleWrite,
  Scope,
  Standing,
  StoredRole,
} from "../identity/roles/index.js";
import { HoopError, subjectId } from "../vocabulary/index.js";
import { anAdminExists, keepAnAdmin, oneSubject } from "./identity/subjects.js";
import type { Db, Store } from "./store.js";
import { mapped } from "./store-error.js";

interface BindingRow {
  id: string;
  role: string;
  group_name: string | null;
  subject_id: string | null;
  subject_name: string | null;
  scope: Scope | null;
  created_at: Date;
  created_by: string;
}

/** Roles on PostgreSQL. `tell`: those in this process who follow identities. */
export function createRoleStore(store: Store, tell: () => void): RoleStore {
  const { db } = store;
  const own = new Set<() => void>();
  return {
    read: () => mapped(() => readRoles(db)),
    standing: () => mapped(() => standingOn(db)),
    async change(work) {
      const result = await mapped(() =>
        db.transaction().execute(async (trx) => {
          // Users and groups first, as everywhere: whoever holds this row is alone with all that rights rest on.
          await store.changes.publish("identity", trx);
          await store.changes.publish("roles", trx);
          const had = await anAdminExists(trx);
          const answer = await work(await writeOn(trx));
          if (had) await keepAnAdmin(trx);
          return answer;
        }),
      );
      tell();
      for (const listener of own) listener();
      return result;
    },
    watch(listener) {
      const mine = () => listener();
      own.add(mine);
      const stop = store.changes.watch("roles", mine);
      return () => {
        own.delete(mine);
        stop();
      };
    },
  };
}

/** What a check in a transaction sees. */
export async function standingOn(trx: Db): Promise<Standing> {
  return { state: await readRoles(trx), subject: (by) => oneSubject(trx, by) };
}

async function readRoles(db: Db): Promise<RoleState> {
  const { rows: roles } =
    await sql<StoredRole>`select name, description, permissions, version from roles order by name`.execute(db);
  const { rows } =
    await sql<BindingRow>`select b.id, b.role, b.group_name, b.subject_id, s.name as subject_name, b.scope,
      b.created_at, b.created_by
    from role_bindings b left join subjects s on s.id = b.subject_id
    where s.removed_at is null order by b.role, b.created_at, b.id`.execute(db);
  return { roles, bindings: rows.map(bindingFromRow) };
}

async function writeOn(trx: Db): Promise<RoleWrite> {
  return {
    ...(await standingOn(trx)),
    putRole: async ({ name, description, permissions, version }) => {
      await sql`insert into roles (name, description, permissions, version)
        values (${name}, ${description}, ${[...permissions]}::text[], ${version})
        on conflict (name) do update set description = excluded.description, permissions = excluded.permissions,
          version = excluded.version, changed_at = now()`.execute(trx);
    },
    removeRole: async (name) => {
      await sql`delete from role_bindings where role = ${name}`.execute(trx);
      await sql`delete from roles where name = ${name}`.execute(trx);
    },
    async bind({ id, role, to, scope, createdAt, createdBy }) {
      const group = to.kind === "group" ? to.name : null;
      if (group !== null) {
        const { rows } = await sql`select from subject_groups where name = ${group}`.execute(trx);
        if (rows.length === 0)
          throw new HoopError("not-found", `there is no group ${group}`, { hint: "create the group first" });
      }
      await sql`insert into role_bindings (id, role, group_name, subject_id, scope, created_at, created_by)
        values (${id}, ${role}, ${group}, ${to.kind === "user" ? to.id : null}::uuid,
          ${scope === null ? null : JSON.stringify(scope)}::jsonb, ${createdAt}, ${createdBy})`.execute(trx);
    },
    unbind: async (id) => {
      await sql`delete from role_bindings where id = ${id}`.execute(trx);
    },
  };
}

function bindingFromRow(row: BindingRow): RoleBinding {
  return {
    id: row.id,
    role: row.role,
    to:
      row.group_name !== null
        ? { kind: "group", name: row.group_name }
        : { kind: "user", id: subjectId(row.subject_id!), name: row.subject_name ?? "" },
    scope: row.scope,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
