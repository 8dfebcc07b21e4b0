import { sql } from "kysely";
import type { FoundToken, IdentityStore, LoginDraft, TokenDraft } from "../../identity/store.js";
import type { SubjectId } from "../../vocabulary/index.js";
import type { Db } from "../store.js";
import { mapped } from "../store-error.js";
import { bindToProvider } from "./provider-sessions.js";
import { subjectColumns, type TokenRow, tokenFromRow } from "./rows.js";
import { oneSubject } from "./subjects.js";

export async function insertLogin(trx: Db, login: LoginDraft): Promise<void> {
  await sql`insert into logins (id, subject_id, kind, client, address, expires_at, proved_at, proved_by, with_factor)
    values (${login.id}, ${login.subject}, ${login.kind}, ${login.client}, ${login.address}, ${login.expiresAt},
      ${login.provedBy === null ? null : sql`clock_timestamp()`}, ${login.provedBy}, ${login.withFactor})`.execute(trx);
  if (login.provider !== undefined) await bindToProvider(trx, login.id, login.provider.session);
}

export async function insertTokens(trx: Db, login: string, tokens: readonly TokenDraft[]): Promise<void> {
  for (const token of tokens) {
    await sql`insert into login_tokens (hash, login_id, kind, expires_at)
      values (${token.hash}, ${login}, ${token.kind}, ${token.expiresAt})`.execute(trx);
  }
}

export async function tokenRow(db: Db, hash: Buffer, lock = false): Promise<TokenRow | undefined> {
  const { rows } =
    await sql<TokenRow>`select ${subjectColumns}, t.kind as token_kind, t.expires_at as token_expires_at, t.used_at,
      l.id as login_id, l.expires_at as login_expires_at, l.ended_at is not null as login_ended, l.ended_because as login_ended_because, l.with_factor as login_with_factor,
      m.bounds as machine_bounds, m.sources as machine_sources, m.delegation_id
    from login_tokens t join logins l on l.id = t.login_id join subjects s on s.id = l.subject_id
      left join machine_logins m on m.login_id = l.id
    where t.hash = ${hash} and s.removed_at is null ${lock ? sql`for update of t, l` : sql``}`.execute(db);
  return rows[0];
}

/** With whom a machine acts for. */
export async function foundToken(db: Db, hash: Buffer): Promise<FoundToken | null> {
  const row = await tokenRow(db, hash);
  if (row === undefined || row.delegation_id === null) return tokenFromRow(row ?? null);
  const { rows } = await sql<{ person_id: SubjectId; expires_at: Date; ended: boolean }>`select person_id, expires_at,
    ended_at is not null as ended from delegations where id = ${row.delegation_id}`.execute(db);
  const found = rows[0];
  // One that is not there any more has ended.
  if (found === undefined) return tokenFromRow(row, { person: null, ended: true, expiresAt: new Date(0) });
  const person = await oneSubject(db, { id: found.person_id });
  return tokenFromRow(row, { person, ended: found.ended, expiresAt: found.expires_at });
}

/** Two that bring the same token at once take turns at its row: the second finds it used. */
export function rotate(
  db: Db,
  hash: Buffer,
  successors: (token: FoundToken) => readonly TokenDraft[],
): ReturnType<IdentityStore["rotate"]> {
  return mapped(() =>
    db.transaction().execute(async (trx) => {
      const row = await tokenRow(trx, hash, true);
      const token = tokenFromRow(row ?? null);
      const now = Date.now();
      if (row === undefined || token === null || token.kind !== "refresh" || token.loginEnded || token.subject.disabled)
        return { outcome: "refused", because: token?.loginEndedBecause ?? undefined };
      if (token.expiresAt.getTime() <= now || token.loginExpiresAt.getTime() <= now) return { outcome: "refused" };
      if (row.used_at !== null) return { outcome: "reused", subject: token.subject.id, login: token.login };
      await sql`update login_tokens set used_at = now() where hash = ${hash}`.execute(trx);
      await insertTokens(trx, token.login, successors(token));
      return { outcome: "rotated", token };
    }),
  );
}
