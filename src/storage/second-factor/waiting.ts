import { sql } from "kysely";
import type { FactorStore } from "../../identity/factors/store.js";
import type { Store } from "../store.js";
import { mapped } from "../store-error.js";
import {
  type CeremonyRow,
  type ChallengeRow,
  ceremonyFromRow,
  challengeColumns,
  challengeFromRow,
  type PendingRow,
  pendingColumns,
  pendingFromRow,
} from "./rows.js";

type Waiting = Pick<
  FactorStore,
  | "keepCeremony"
  | "takeCeremony"
  | "keepPending"
  | "pending"
  | "tryPending"
  | "takePending"
  | "openChallenge"
  | "challenge"
  | "challenges"
  | "closeChallenge"
>;

/** What waits for somebody for minutes: passkey ceremonies, sign-ins, challenges. */
export function waitingQuestions({ db }: Store): Waiting {
  return {
    keepCeremony: (challenge, ceremony, expiresAt) =>
      mapped(async () => {
        const { purpose, subject, bound, rpId, origin } = ceremony;
        await sql`insert into passkey_ceremonies (challenge, purpose, subject_id, bound, rp_id, origin, expires_at)
          values (${challenge}, ${purpose}, ${subject}, ${bound}, ${rpId}, ${origin}, ${expiresAt})`.execute(db);
      }),

    takeCeremony: (challenge) =>
      mapped(async () => {
        const { rows } = await sql<CeremonyRow & { live: boolean }>`delete from passkey_ceremonies
          where challenge = ${challenge} returning purpose, subject_id, bound, rp_id, origin, expires_at > now() as live`.execute(
          db,
        );
        return rows[0]?.live ? ceremonyFromRow(rows[0]) : null;
      }),

    keepPending: (hash, { subject, as, enrol, client, address, provider }, expiresAt) =>
      mapped(async () => {
        await sql`insert into pending_sign_ins (hash, subject_id, answer_as, enrol, client, address, expires_at, provider_session_id)
          values (${hash}, ${subject}, ${as}, ${enrol}, ${client}, ${address}, ${expiresAt}, ${provider?.session ?? null})`.execute(
          db,
        );
      }),

    pending: (hash) =>
      mapped(async () => {
        const { rows } =
          await sql<PendingRow>`select ${pendingColumns} from pending_sign_ins where hash = ${hash} and expires_at > now()`.execute(
            db,
          );
        return pendingFromRow(rows[0]);
      }),

    tryPending: (hash, most) =>
      mapped(async () => {
        const { rows } = await sql<PendingRow>`update pending_sign_ins set tries = tries + 1
          where hash = ${hash} and expires_at > now() and tries < ${most} returning ${pendingColumns}`.execute(db);
        return pendingFromRow(rows[0]);
      }),

    takePending: (hash) =>
      mapped(async () => {
        const { rows } =
          await sql`delete from pending_sign_ins where hash = ${hash} and expires_at > now() returning hash`.execute(
            db,
          );
        return rows.length > 0;
      }),

    openChallenge: ({ id, subject, connection, session, shown, expiresAt }, most) =>
      mapped(async () => {
        const { rows } =
          await sql`insert into step_up_challenges (id, subject_id, connection, session_id, shown, expires_at)
          select ${id}, ${subject}::uuid, ${connection}, ${session}::uuid, ${shown}, ${expiresAt}::timestamptz
          where (select count(*) from step_up_challenges
            where subject_id = ${subject} and answered_at is null and closed_at is null and expires_at > now()) < ${most}
          returning id`.execute(db);
        return rows.length > 0;
      }),

    challenge: (id, subject) =>
      mapped(async () => {
        const { rows } = await sql<ChallengeRow>`select ${challengeColumns} from step_up_challenges
          where id = ${id} and subject_id = ${subject}`.execute(db);
        return challengeFromRow(rows[0]);
      }),

    challenges: (subject) =>
      mapped(async () => {
        const { rows } = await sql<ChallengeRow>`select ${challengeColumns} from step_up_challenges
          where subject_id = ${subject} and answered_at is null and closed_at is null and expires_at > now()
          order by created_at desc limit 100`.execute(db);
        return rows.map((row) => challengeFromRow(row)!);
      }),

    closeChallenge: (id) =>
      mapped(async () => {
        await sql`update step_up_challenges set closed_at = now()
          where id = ${id} and closed_at is null and answered_at is null`.execute(db);
      }),
  };
}
