import { sql } from "kysely";
import type { EphemeralUser, EphemeralUserStore } from "../secrets/ephemeral/index.js";
import { connectionId } from "../vocabulary/index.js";
import type { Store } from "./store.js";
import { mapped } from "./store-error.js";

interface UserRow {
  id: string;
  place: string;
  connection_name: string;
  name: string;
  heir: string;
  subject_id: string;
  subject_name: string;
  made_at: Date;
}

const columns = sql.raw("id, place, connection_name, name, heir, subject_id, subject_name, made_at");
// Four missed beats.
const alive = sql.raw("select r.id from credential_replicas r where r.seen_at > now() - interval '20 seconds'");

/** Users made for sessions, on PostgreSQL. */
export function createEphemeralUserStore({ db }: Store): EphemeralUserStore {
  return {
    add: (user, replica) =>
      mapped(async () => {
        await sql`insert into ephemeral_users (${columns}, replica) values (${user.id}, ${user.place}, ${user.connection}, ${user.name},
          ${user.heir}, ${user.subject.id}, ${user.subject.name}, ${user.madeAt}, ${replica})`.execute(db);
      }),
    remove: (id) => mapped(async () => void (await sql`delete from ephemeral_users where id = ${id}`.execute(db))),
    beat: (replica) =>
      mapped(async () => {
        await sql`insert into credential_replicas (id, seen_at) values (${replica}, now())
          on conflict (id) do update set seen_at = now()`.execute(db);
        await sql`delete from credential_replicas where seen_at < now() - interval '10 minutes'`.execute(db);
      }),
    takeOver: (replica, limit) =>
      mapped(async () => {
        const { rows } = await sql<UserRow>`update ephemeral_users set replica = ${replica} where id in (
          select id from ephemeral_users where replica <> ${replica} and replica not in (${alive})
          order by made_at limit ${limit} for update skip locked) returning ${columns}`.execute(db);
        return rows.map(userFromRow);
      }),
    list: (limit) =>
      mapped(async () => {
        const { rows } =
          await sql<UserRow>`select ${columns} from ephemeral_users order by made_at limit ${limit}`.execute(db);
        return rows.map(userFromRow);
      }),
    leave: (replica) =>
      mapped(async () => void (await sql`delete from credential_replicas where id = ${replica}`.execute(db))),
  };
}

function userFromRow(row: UserRow): EphemeralUser {
  return {
    id: row.id,
    place: connectionId(row.place),
    connection: row.connection_name,
    name: row.name,
    heir: row.heir,
    subject: { id: row.subject_id, name: row.subject_name },
    madeAt: row.made_at,
  };
}
