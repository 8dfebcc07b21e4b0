import { sql } from "kysely";
import type { Kill, LiveSession, SessionStore } from "../sessions/store.js";
import { connectionId, sessionId, subjectId } from "../vocabulary/index.js";
import type { Store } from "./store.js";
import { mapped } from "./store-error.js";

interface SessionRow {
  id: string;
  replica: string;
  subject_id: string;
  subject_name: string;
  connection_id: string;
  connection_name: string;
  protocol: string;
  address: string;
  started_at: Date;
}

const columns = sql.raw(
  "id, replica, subject_id, subject_name, connection_id, connection_name, protocol, address, started_at",
);
// Three missed heartbeats, and then some.
const alive = sql.raw("replica in (select r.id from replicas r where r.seen_at > now() - interval '20 seconds')");
const batch = 500;

/** Open sessions on PostgreSQL. */
export function createSessionStore(store: Store): SessionStore {
  const { db, changes } = store;
  return {
    sync: (replica, began, ended) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows: known } =
            await sql`update replicas set seen_at = now() where id = ${replica} returning id`.execute(trx);
          if (known.length === 0) await sql`insert into replicas (id, seen_at) values (${replica}, now())`.execute(trx);
          for (let at = 0; at < began.length; at += batch) {
            const rows = JSON.stringify(began.slice(at, at + batch).map(rowFromSession));
            await sql`insert into live_sessions (${columns}) select ${columns} from jsonb_populate_recordset(null::live_sessions, ${rows}::jsonb)
              on conflict (id) do nothing`.execute(trx);
          }
          if (ended.length > 0) await sql`delete from live_sessions where id = any(${[...ended]}::uuid[])`.execute(trx);
          await sql`delete from replicas where seen_at < now() - interval '10 minutes'`.execute(trx);
          await sql`delete from session_kills where asked_at < now() - interval '10 minutes'`.execute(trx);
          return known.length > 0;
        }),
      ),
    list: ({ subject, connection, within, before, limit }) =>
      mapped(async () => {
        const { rows } = await sql<SessionRow>`select ${columns} from live_sessions where ${alive}
          and (${subject ?? null}::uuid is null or subject_id = ${subject ?? null})
          and (${connection ?? null}::text is null or connection_name = ${connection ?? null})
          and (${before?.startedAt ?? null}::timestamptz is null or (started_at, id) < (${before?.startedAt ?? null}, ${before?.id ?? null}::uuid))
          and (${within?.own ?? null}::uuid is null or subject_id = ${within?.own ?? null} or exists (
            select from unnest(${(within?.connections ?? []).map(({ name }) => name)}::text[],
              ${(within?.connections ?? []).map(({ since }) => since)}::timestamptz[]) as w (name, since)
            where w.name = connection_name and started_at >= w.since))
          order by started_at desc, id desc limit ${limit}`.execute(db);
        return rows.map(sessionFromRow);
      }),
    get: (id) =>
      mapped(async () => {
        const { rows } =
          await sql<SessionRow>`select ${columns} from live_sessions where id = ${id} and ${alive}`.execute(db);
        return rows[0] === undefined ? null : sessionFromRow(rows[0]);
      }),
    addKill: (kill) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          await sql`insert into session_kills (session_id, asked_by, reason) values (${kill.session}, ${kill.by}, ${kill.reason})
            on conflict (session_id) do update set asked_at = now()`.execute(trx);
          await changes.publish("sessions", trx);
        }),
      ),
    kills: (sessions) =>
      mapped(async () => {
        const { rows } = await sql<{
          session_id: string;
          asked_by: string;
          reason: string;
        }>`select session_id, asked_by, reason
          from session_kills where session_id = any(${[...sessions]}::uuid[])`.execute(db);
        return rows.map((row): Kill => ({ session: sessionId(row.session_id), by: row.asked_by, reason: row.reason }));
      }),
    leave: (replica) =>
      mapped(async () => {
        await sql`delete from replicas where id = ${replica}`.execute(db);
      }),
    watch: (listener) => changes.watch("sessions", listener),
  };
}

function rowFromSession(session: LiveSession): SessionRow {
  return {
    id: session.id,
    replica: session.replica,
    subject_id: session.subject.id,
    subject_name: session.subject.name,
    connection_id: session.connection.id,
    connection_name: session.connection.name,
    protocol: session.protocol,
    address: session.from,
    started_at: session.startedAt,
  };
}

function sessionFromRow(row: SessionRow): LiveSession {
  return {
    id: sessionId(row.id),
    replica: row.replica,
    subject: { id: subjectId(row.subject_id), name: row.subject_name },
    connection: { id: connectionId(row.connection_id), name: row.connection_name },
    protocol: row.protocol,
    from: row.address,
    startedAt: row.started_at,
  };
}
