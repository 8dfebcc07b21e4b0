import { sql } from "kysely";
import type { NativeCredential, NativeCredentialStore } from "../secrets/native/index.js";
import { connectionId, subjectId } from "../vocabulary/index.js";
import type { Store } from "./store.js";
import { mapped } from "./store-error.js";

interface CredentialRow {
  id: string;
  user_name: string;
  subject_id: string;
  subject_name: string;
  connection_id: string;
  connection_name: string;
  addresses: string[];
  made_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
  used_at: Date | null;
}

interface VerifierRow extends CredentialRow {
  salt: Buffer;
  iterations: number;
  stored_key: Buffer;
  server_key: Buffer;
}

const columns =
  sql.raw(`id, user_name, subject_id, subject_name, connection_id, connection_name, addresses, made_at, expires_at,
  revoked_at, used_at`);
const good = sql.raw("revoked_at is null and expires_at > now()");

/** Short-lived passwords for native clients, on PostgreSQL: their verifiers only. */
export function createNativeCredentialStore({ db, changes }: Store): NativeCredentialStore {
  return {
    add: (credential, verifier, most) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          // One at a time for each subject, so that the limit holds.
          await sql`select pg_advisory_xact_lock(hashtextextended(${`native ${credential.subject.id}`}, 0))`.execute(
            trx,
          );
          const { rows } = await sql<{ n: number }>`select count(*)::int as n from native_credentials
            where subject_id = ${credential.subject.id} and ${good}`.execute(trx);
          if (rows[0]!.n >= most) return false;
          const { rows: added } =
            await sql`insert into native_credentials (id, user_name, subject_id, subject_name, connection_id,
            connection_name, addresses, made_at, expires_at, salt, iterations, stored_key, server_key)
            values (${credential.id}, ${credential.user}, ${credential.subject.id}, ${credential.subject.name},
              ${credential.connection.id}, ${credential.connection.name}, ${[...credential.addresses]}::text[], ${credential.madeAt},
              ${credential.expires}, ${verifier.salt}, ${verifier.iterations}, ${verifier.storedKey}, ${verifier.serverKey})
            on conflict (user_name) do nothing returning id`.execute(trx);
          return added.length > 0;
        }),
      ),
    verifier: (user) =>
      mapped(async () => {
        const { rows } =
          await sql<VerifierRow>`select ${columns}, salt, iterations, stored_key, server_key from native_credentials
          where user_name = ${user} and ${good}`.execute(db);
        const [row] = rows;
        if (row === undefined) return null;
        const { salt, iterations, stored_key: storedKey, server_key: serverKey } = row;
        return { credential: credentialFromRow(row), verifier: { salt, iterations, storedKey, serverKey } };
      }),
    get: (id) =>
      mapped(async () => {
        const { rows } = await sql<CredentialRow>`select ${columns} from native_credentials where id = ${id}`.execute(
          db,
        );
        return rows[0] === undefined ? null : credentialFromRow(rows[0]);
      }),
    list: (subject, limit) =>
      mapped(async () => {
        const { rows } = await sql<CredentialRow>`select ${columns} from native_credentials
          where (${subject}::uuid is null or subject_id = ${subject}) and ${good}
          order by made_at desc, id limit ${limit}`.execute(db);
        return rows.map(credentialFromRow);
      }),
    used: (id) =>
      mapped(async () => {
        // Once a minute is enough to tell, and many sessions begin with the same one.
        await sql`update native_credentials set used_at = now()
          where id = ${id} and (used_at is null or used_at < now() - interval '1 minute')`.execute(db);
      }),
    revoke: (which) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const [id, subject] = "id" in which ? [which.id, null] : [null, which.subject];
          const { rows } = await sql<CredentialRow>`update native_credentials set revoked_at = now()
            where (id = ${id}::uuid or subject_id = ${subject}::uuid) and ${good} returning ${columns}`.execute(trx);
          if (rows.length > 0) await changes.publish("credentials", trx);
          return rows.map(credentialFromRow);
        }),
      ),
    ended: (ids) =>
      mapped(async () => {
        const { rows } = await sql<{ id: string }>`select i.id::text as id from unnest(${[...ids]}::uuid[]) as i (id)
          where not exists (select from native_credentials c where c.id = i.id and c.revoked_at is null)`.execute(db);
        return rows.map(({ id }) => id);
      }),
    sweep: () =>
      mapped(async () => {
        // Kept a while for whoever looks at what was; sessions outlive the password that began them.
        await sql`delete from native_credentials where least(expires_at, revoked_at) < now() - interval '90 days'`.execute(
          db,
        );
      }),
    watch: (listener) => changes.watch("credentials", listener),
  };
}

function credentialFromRow(row: CredentialRow): NativeCredential {
  return {
    id: row.id,
    user: row.user_name,
    subject: { id: subjectId(row.subject_id), name: row.subject_name },
    connection: { id: connectionId(row.connection_id), name: row.connection_name },
    addresses: row.addresses,
    madeAt: row.made_at,
    expires: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsed: row.used_at,
  };
}
