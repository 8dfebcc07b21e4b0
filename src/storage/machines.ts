import { sql } from "kysely";
import type { MachineStore } from "../identity/machines/store.js";
import { HoopError } from "../vocabulary/index.js";
import { type SubjectRow, subjectColumns, subjectFromRow } from "./identity/rows.js";
import { insertLogin, insertTokens } from "./identity/tokens.js";
import { oneDelegation, someDelegations } from "./machines/delegations.js";
import { endDelegationsOf, endMachineLogins } from "./machines/end.js";
import { type KeyRow, keyColumns, keyFromRow, type TrustRow, trustColumns, trustFromRow } from "./machines/rows.js";
import type { Db, Store } from "./store.js";
import { mapped } from "./store-error.js";

/** Machines' credentials on PostgreSQL. */
export function createMachineStore(store: Store): MachineStore {
  const { db } = store;
  const machineLogin = { provedBy: null, withFactor: false } as const;

  /** The topic first, as every write to identities: versions are taken in the order of commits. */
  const write = <T>(work: (trx: Db) => Promise<T>): Promise<T> =>
    mapped(() =>
      db.transaction().execute(async (trx) => {
        await store.changes.publish("identity", trx);
        return work(trx);
      }),
    );

  return {
    machines: () =>
      mapped(async () => {
        const { rows } = await sql<SubjectRow>`select ${subjectColumns} from subjects s
          where s.removed_at is null and s.kind in ('service', 'agent') order by s.name limit 10000`.execute(db);
        return rows.map(subjectFromRow);
      }),

    keys: (subject) =>
      mapped(async () => {
        const { rows } =
          await sql<KeyRow>`select ${keyColumns} from service_keys k join subjects s on s.id = k.subject_id
          where s.removed_at is null and (${subject}::uuid is null or k.subject_id = ${subject})
          order by k.ended_at is not null, k.created_at desc limit 10000`.execute(db);
        return rows.map(keyFromRow);
      }),

    createKey: (key, bounds, token) =>
      write(async (trx) => {
        const { rows } =
          await sql<KeyRow>`insert into service_keys as k (id, subject_id, name, hint, bounds, sources, created_by, expires_at)
          select ${key.id}, s.id, ${key.name}, ${key.hint}, ${JSON.stringify(key.bounds)}::jsonb, ${[...key.sources]}::text[], ${key.createdBy}, ${key.expiresAt}
          from subjects s where s.id = ${key.subject} and s.removed_at is null and s.kind <> 'person'
          on conflict (subject_id, name) where ended_at is null do nothing returning ${keyColumns}`.execute(trx);
        if (rows[0] === undefined)
          throw new HoopError("conflict", `a key named ${key.name} is in use there`, {
            hint: "give the new one another name, and revoke the old one when nothing uses it any more",
          });
        const { id, subject, expiresAt } = key;
        const login = { id, subject, expiresAt, client: `key ${key.name}`, address: "" };
        await insertLogin(trx, { ...login, kind: "key", ...machineLogin });
        await insertTokens(trx, id, [token]);
        await sql`insert into machine_logins (login_id, bounds, sources)
          values (${id}, ${JSON.stringify(bounds)}::jsonb, ${[...key.sources]}::text[])`.execute(trx);
        return keyFromRow(rows[0]);
      }),

    endKey: (id, because) =>
      write(async (trx) => {
        const { rows } = await sql<KeyRow>`update service_keys k set ended_at = now(), ended_because = ${because}
          where k.id = ${id} and k.ended_at is null returning ${keyColumns}`.execute(trx);
        if (rows[0] === undefined) return null;
        // Whoever gets a login for it at this moment is waited for, so that theirs is among those that end.
        await sql`select from logins where id = ${id} for update`.execute(trx);
        await endMachineLogins(trx, sql`l.id = ${id} or m.parent_id = ${id}`, because);
        return keyFromRow(rows[0]);
      }),

    keysUsed: (used) =>
      mapped(async () => {
        const list = JSON.stringify(used.map(({ key, at, from }) => ({ id: key, used_at: at, used_from: from })));
        await sql`update service_keys k set used_at = greatest(k.used_at, u.used_at), used_from = u.used_from
          from jsonb_to_recordset(${list}::jsonb) as u(id uuid, used_at timestamptz, used_from text) where k.id = u.id`.execute(
          db,
        );
      }),

    trusts: () =>
      mapped(async () => {
        const { rows } =
          await sql<TrustRow>`select ${trustColumns} from federation_trusts t order by t.name limit 10000`.execute(db);
        return rows.map(trustFromRow);
      }),

    trustsOf: (issuer) =>
      mapped(async () => {
        const { rows } =
          await sql<TrustRow>`select ${trustColumns} from federation_trusts t where t.issuer = ${issuer} order by t.name limit 1000`.execute(
            db,
          );
        return rows.map(trustFromRow);
      }),

    putTrust: (trust) =>
      write(async (trx) => {
        const { rows: old } =
          await sql<TrustRow>`delete from federation_trusts t where t.name = ${trust.name} returning ${trustColumns}`.execute(
            trx,
          );
        const before = old[0] === undefined ? null : trustFromRow(old[0]);
        if (before !== null)
          await endMachineLogins(trx, sql`m.trust_id = ${before.id}`, `the trust ${trust.name} was changed`);
        const { rows } = await sql<TrustRow>`insert into federation_trusts as t
          (name, id, subject_id, issuer, audience, claims, condition, bounds, life_s, single_use, created_by)
          values (${trust.name}, ${trust.id}, ${trust.subject}, ${trust.issuer}, ${trust.audience}, ${JSON.stringify(trust.claims)}::jsonb,
            ${trust.condition}, ${JSON.stringify(trust.bounds)}::jsonb, ${trust.lifeSeconds}, ${trust.singleUse}, ${trust.createdBy})
          returning ${trustColumns}`.execute(trx);
        return { before, after: trustFromRow(rows[0]!) };
      }),

    removeTrust: (name) =>
      write(async (trx) => {
        const { rows } =
          await sql<TrustRow>`delete from federation_trusts t where t.name = ${name} returning ${trustColumns}`.execute(
            trx,
          );
        if (rows[0] === undefined) return null;
        await endMachineLogins(trx, sql`m.trust_id = ${rows[0].id}`, `the trust ${name} was removed`);
        return trustFromRow(rows[0]);
      }),

    useToken: (hash, expiresAt) =>
      mapped(async () => {
        const { rows } = await sql`insert into federation_used (token_hash, expires_at) values (${hash}, ${expiresAt})
          on conflict do nothing returning token_hash`.execute(db);
        return rows.length > 0;
      }),

    createLogin: (login, token) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { id, subject, client, address, expiresAt, bounds, parent, trust, delegation } = login;
          await insertLogin(trx, { id, subject, client, address, expiresAt, kind: "machine", ...machineLogin });
          await insertTokens(trx, id, [token]);
          await sql`insert into machine_logins (login_id, bounds, sources, parent_id, trust_id, delegation_id)
            values (${id}, ${JSON.stringify(bounds)}::jsonb,
              coalesce((select sources from machine_logins where login_id = ${parent}), '{}'), ${parent},
              coalesce(${trust}::uuid, (select trust_id from machine_logins where login_id = ${parent})), ${delegation})`.execute(
            trx,
          );
          // What it rests on may have ended since it was looked at: then nobody has told this login so.
          const { rows } = await sql<{ gone: boolean }>`select
            (${parent}::uuid is not null and not exists (select from logins where id = ${parent} and ended_at is null for share))
            or (${trust}::uuid is not null and not exists (select from federation_trusts where id = ${trust} for share))
            or (${delegation}::uuid is not null and not exists (select from delegations where id = ${delegation} and ended_at is null for share)) as gone`.execute(
            trx,
          );
          if (rows[0]!.gone) throw new HoopError("unauthenticated", "what this login rests on has just ended");
        }),
      ),

    createDelegation: ({ id, machine, person, bounds, expiresAt }) =>
      write(async (trx) => {
        await sql`insert into delegations (id, machine_id, person_id, bounds, expires_at)
          values (${id}, ${machine}, ${person}, ${JSON.stringify(bounds)}::jsonb, ${expiresAt})`.execute(trx);
        return (await oneDelegation(trx, id))!;
      }),

    delegation: (id) => mapped(() => oneDelegation(db, id)),
    delegations: (of) => mapped(() => someDelegations(db, of)),

    endDelegation: (id, because) =>
      write(async (trx) => {
        const ended = await endDelegationsOf(trx, sql`id = ${id}`, because);
        return ended === 0 ? null : oneDelegation(trx, id);
      }),

    sweep: () =>
      mapped(async () => {
        await sql`delete from federation_used where expires_at < now()`.execute(db);
        await sql`delete from delegations where coalesce(ended_at, expires_at) < now() - interval '30 days'`.execute(
          db,
        );
      }),
  };
}
