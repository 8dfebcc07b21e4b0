import { sql } from "kysely";
import type { ProviderStore } from "../../identity/providers/store.js";
import { HoopError, type SubjectId, subjectId } from "../../vocabulary/index.js";
import type { Db } from "../store.js";
import { mapped } from "../store-error.js";

type Sessions = Pick<ProviderStore, "openSession" | "claim" | "settle" | "endSessions" | "sessionIds">;

/** Signing-ins at providers: what logins rest on, who asks about them next, and their end. */
export function providerSessions({
  db,
  write,
}: {
  db: Db;
  write: <T>(work: (trx: Db) => Promise<T>) => Promise<T>;
}): Sessions {
  return {
    openSession: ({ id, provider, externalId, subject, sid, endsAt, refreshAt }) =>
      mapped(async () => {
        await sql`insert into provider_sessions (id, provider_id, external_id, subject_id, sid, ends_at, refresh_at)
          values (${id}, ${provider}, ${externalId}, ${subject}, ${sid}, ${endsAt}, ${refreshAt})`.execute(db);
      }),

    claim: (logins, { leaseMs, limit }) =>
      mapped(async () => {
        const { rows } = await sql<{ id: string; provider_id: string; external_id: string; subject_id: string }>`
          update provider_sessions set lease_until = now() + make_interval(secs => ${leaseMs / 1_000})
          where id in (
            select p.id from provider_sessions p
            where p.ended_at is null and p.refresh_at <= now() and (p.lease_until is null or p.lease_until < now())
              and exists (select from provider_logins l where l.session_id = p.id and l.login_id = any(${[...logins]}::uuid[]))
            order by p.refresh_at limit ${limit} for update skip locked)
          returning id, provider_id, external_id, subject_id`.execute(db);
        return rows.map((row) => ({
          id: row.id,
          provider: row.provider_id,
          externalId: row.external_id,
          subject: subjectId(row.subject_id),
        }));
      }),

    settle: (session, refreshAt) =>
      mapped(async () => {
        await sql`update provider_sessions set lease_until = null, refresh_at = ${refreshAt} where id = ${session}`.execute(
          db,
        );
      }),

    endSessions: (which, because) =>
      write(async (trx) => {
        const match =
          "session" in which
            ? sql`p.id = ${which.session}`
            : sql`p.provider_id = ${which.provider}
                ${which.sid === undefined ? sql`` : sql`and p.sid = ${which.sid}`}
                ${which.externalId === undefined ? sql`` : sql`and p.external_id = ${which.externalId}`}`;
        const { rows: sessions } = await sql<{ id: string }>`update provider_sessions p set ended_at = now()
          where ended_at is null and ${match} returning p.id`.execute(trx);
        const ids = sessions.map(({ id }) => id);
        const { rows } = await sql<{ subject_id: SubjectId }>`update logins l
          set ended_at = now(), ended_because = ${because}, ended_version = nextval('subject_versions')
          where l.ended_at is null and l.id in (select login_id from provider_logins where session_id = any(${ids}::uuid[]))
          returning subject_id`.execute(trx);
        const whose = [...new Set(rows.map((row) => row.subject_id))];
        const { rows: subjects } = await sql<{ id: SubjectId; name: string }>`select id, name from subjects
          where id = any(${whose}::uuid[])`.execute(trx);
        return { logins: rows.length, subjects, sessions: ids };
      }),

    sessionIds: () =>
      mapped(async () => {
        const { rows } = await sql<{ id: string }>`select id from provider_sessions where ended_at is null`.execute(db);
        return new Set(rows.map(({ id }) => id));
      }),
  };
}

/** The login rests on a signing-in at a provider, which must not have ended while it was made. */
export async function bindToProvider(trx: Db, login: string, session: string): Promise<void> {
  const { rows } =
    await sql`select id from provider_sessions where id = ${session} and ended_at is null for share`.execute(trx);
  if (rows.length === 0)
    throw new HoopError("unauthenticated", "the sign-in that this rests on has ended", { hint: "hoop login" });
  await sql`insert into provider_logins (login_id, session_id) values (${login}, ${session})`.execute(trx);
}
