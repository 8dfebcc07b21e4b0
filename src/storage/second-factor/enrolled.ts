import { sql } from "kysely";
import type { FactorStore } from "../../identity/factors/store.js";
import { HoopError, type SubjectId } from "../../vocabulary/index.js";
import { endLoginsOf } from "../identity/subjects.js";
import type { Db, Store } from "../store.js";
import { mapped } from "../store-error.js";
import { type FactorRow, factorColumns, factorFromRow, passkeyFromRow } from "./rows.js";

type Enrolled = Pick<
  FactorStore,
  | "summary"
  | "draftTotp"
  | "totpDraft"
  | "confirmTotp"
  | "totp"
  | "useTotpStep"
  | "addPasskey"
  | "passkeys"
  | "passkey"
  | "usePasskey"
  | "rename"
  | "remove"
  | "reset"
  | "replaceCodes"
  | "useCode"
  | "totpIds"
>;

/** Factors and recovery codes. What counts factors before it writes holds the subject's row, so that two take turns. */
export function enrolledFactors({ db, changes }: Store, told: () => void): Enrolled {
  const held = <T>(subject: SubjectId, work: (trx: Db) => Promise<T>): Promise<T> =>
    mapped(() =>
      db.transaction().execute(async (trx) => {
        await sql`select id from subjects where id = ${subject} for update`.execute(trx);
        return work(trx);
      }),
    );

  return {
    summary: (subject) =>
      mapped(async () => {
        const { rows } =
          await sql<FactorRow>`select ${factorColumns} from factors where subject_id = ${subject} and draft_until is null
          order by created_at, id`.execute(db);
        const { rows: codes } = await sql<{
          left: number;
        }>`select count(*)::int as left from recovery_codes where subject_id = ${subject} and used_at is null`.execute(
          db,
        );
        return {
          factors: rows.map((row) => ({ ...factorFromRow(row), backedUp: row.backed_up, rpId: row.rp_id })),
          codesLeft: codes[0]!.left,
        };
      }),

    draftTotp: (subject, id, expiresAt) =>
      held(subject, async (trx) => {
        const { rows: there } =
          await sql`select id from factors where subject_id = ${subject} and kind = 'totp' and draft_until is null`.execute(
            trx,
          );
        if (there.length > 0)
          throw new HoopError("conflict", "you have an authenticator already", { hint: "remove it first" });
        const { rows } = await sql<{
          id: string;
        }>`delete from factors where subject_id = ${subject} and draft_until is not null returning id`.execute(trx);
        await sql`insert into factors (id, subject_id, kind, name, draft_until)
          values (${id}, ${subject}, 'totp', 'Authenticator', ${expiresAt})`.execute(trx);
        return { replaced: rows[0]?.id ?? null };
      }),

    totpDraft: (subject, id) =>
      mapped(async () => {
        const { rows } = await sql`select id from factors
          where id = ${id} and subject_id = ${subject} and kind = 'totp' and draft_until > now()`.execute(db);
        return rows.length > 0;
      }),

    confirmTotp: (subject, id, step, codes) =>
      held(subject, async (trx) => {
        const { rows } =
          await sql`update factors set draft_until = null, last_step = ${step}, created_at = now(), last_used_at = now()
          where id = ${id} and subject_id = ${subject} and kind = 'totp' and draft_until > now() returning id`.execute(
            trx,
          );
        return rows.length === 0 ? null : { codesKept: await keepFirstCodes(trx, subject, codes) };
      }),

    totp: (subject) =>
      mapped(async () => {
        const { rows } = await sql<{ id: string; last_step: string }>`select id, last_step from factors
          where subject_id = ${subject} and kind = 'totp' and draft_until is null`.execute(db);
        return rows[0] === undefined ? null : { id: rows[0].id, lastStep: Number(rows[0].last_step) };
      }),

    useTotpStep: (subject, id, step) =>
      mapped(async () => {
        const { rows } = await sql`update factors set last_step = ${step}, last_used_at = now()
          where id = ${id} and subject_id = ${subject} and draft_until is null and last_step < ${step} returning id`.execute(
          db,
        );
        return rows.length > 0;
      }),

    addPasskey: (draft, codes, most) =>
      held(draft.subject, async (trx) => {
        const { rows: count } = await sql<{
          count: number;
        }>`select count(*)::int as count from factors where subject_id = ${draft.subject} and kind = 'passkey'`.execute(
          trx,
        );
        if (count[0]!.count >= most)
          throw new HoopError("limited", `you have ${most} passkeys already`, {
            hint: "remove one that you do not use",
          });
        const { rows } = await sql`
          insert into factors (id, subject_id, kind, name, credential_id, public_key, counter, transports, rp_id, backed_up)
          values (${draft.id}, ${draft.subject}, 'passkey', ${draft.name}, ${draft.credentialId}, ${draft.publicKey},
            ${draft.counter}, ${[...draft.transports]}::text[], ${draft.rpId}, ${draft.backedUp})
          on conflict (credential_id) do nothing returning id`.execute(trx);
        if (rows.length === 0) throw new HoopError("conflict", "this passkey is registered already");
        return { codesKept: await keepFirstCodes(trx, draft.subject, codes) };
      }),

    passkeys: (subject) =>
      mapped(async () => {
        const { rows } = await sql<FactorRow>`select ${factorColumns} from factors
          where subject_id = ${subject} and kind = 'passkey' order by created_at, id`.execute(db);
        return rows.map(passkeyFromRow);
      }),

    passkey: (credentialId) =>
      mapped(async () => {
        const { rows } =
          await sql<FactorRow>`select ${factorColumns} from factors where credential_id = ${credentialId}`.execute(db);
        return rows[0] === undefined ? null : passkeyFromRow(rows[0]);
      }),

    usePasskey: (id, counter, backedUp) =>
      mapped(async () => {
        // Many passkeys never count: theirs stays 0.
        const { rows } =
          await sql`update factors set counter = ${counter}, backed_up = ${backedUp}, last_used_at = now()
          where id = ${id} and (counter < ${counter} or (counter = 0 and ${counter}::bigint = 0)) returning id`.execute(
            db,
          );
        return rows.length > 0;
      }),

    rename: (subject, id, name) =>
      mapped(async () => {
        const { rows } = await sql<FactorRow>`update factors set name = ${name}
          where id = ${id} and subject_id = ${subject} and draft_until is null returning ${factorColumns}`.execute(db);
        return rows[0] === undefined ? null : factorFromRow(rows[0]);
      }),

    remove: (subject, id, keepOne) =>
      held(subject, async (trx) => {
        const { rows } =
          await sql<FactorRow>`select ${factorColumns} from factors where subject_id = ${subject} and draft_until is null`.execute(
            trx,
          );
        const found = rows.find((row) => row.id === id);
        if (found === undefined) return null;
        if (keepOne && rows.length === 1) return "kept";
        await sql`delete from factors where id = ${id}`.execute(trx);
        if (rows.length === 1) await sql`delete from recovery_codes where subject_id = ${subject}`.execute(trx);
        return factorFromRow(found);
      }),

    reset: async (subject) => {
      const removed = await mapped(() =>
        db.transaction().execute(async (trx) => {
          // Topics before rows, in this order, as everywhere.
          await changes.publish("identity", trx);
          await changes.publish("freshness", trx);
          const { rows } =
            await sql<FactorRow>`delete from factors where subject_id = ${subject} returning ${factorColumns}`.execute(
              trx,
            );
          await forgetSecondFactor(trx, subject);
          await endLoginsOf(trx, subject, "an admin took the second factors away", null);
          return rows.map(factorFromRow);
        }),
      );
      told();
      return removed;
    },

    replaceCodes: (subject, codes) =>
      held(subject, async (trx) => {
        await sql`delete from recovery_codes where subject_id = ${subject}`.execute(trx);
        await insertCodes(trx, subject, codes);
      }),

    useCode: (subject, code) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows } = await sql`update recovery_codes set used_at = now()
            where subject_id = ${subject} and hash = ${code} and used_at is null returning hash`.execute(trx);
          if (rows.length === 0) return null;
          const { rows: left } = await sql<{
            left: number;
          }>`select count(*)::int as left from recovery_codes where subject_id = ${subject} and used_at is null`.execute(
            trx,
          );
          return left[0]!.left;
        }),
      ),

    totpIds: () =>
      mapped(async () => {
        const { rows } = await sql<{ id: string }>`select id from factors where kind = 'totp'`.execute(db);
        return new Set(rows.map(({ id }) => id));
      }),
  };
}

/** Everything but the factors themselves: codes, answers, sign-ins and questions that wait. */
export async function forgetSecondFactor(trx: Db, subject: SubjectId): Promise<void> {
  await sql`delete from recovery_codes where subject_id = ${subject}`.execute(trx);
  await sql`delete from pending_sign_ins where subject_id = ${subject}`.execute(trx);
  await sql`delete from passkey_ceremonies where subject_id = ${subject}`.execute(trx);
  await sql`update step_up_challenges set closed_at = coalesce(closed_at, now()) where subject_id = ${subject}`.execute(
    trx,
  );
  await sql`update factor_answers set answered_at = null, version = nextval('freshness_versions')
    where subject_id = ${subject}`.execute(trx);
  await sql`delete from known_networks where subject_id = ${subject}`.execute(trx);
}

async function keepFirstCodes(trx: Db, subject: SubjectId, codes: readonly Buffer[]): Promise<boolean> {
  const { rows } = await sql`select hash from recovery_codes where subject_id = ${subject} limit 1`.execute(trx);
  if (rows.length > 0) return false;
  await insertCodes(trx, subject, codes);
  return true;
}

async function insertCodes(trx: Db, subject: SubjectId, codes: readonly Buffer[]): Promise<void> {
  await sql`insert into recovery_codes (subject_id, hash)
    select ${subject}::uuid, hash from unnest(${[...codes]}::bytea[]) as hash`.execute(trx);
}
