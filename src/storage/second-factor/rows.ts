import { sql } from "kysely";
import type {
  Ceremony,
  PendingSignIn,
  StoredChallenge,
  StoredFactor,
  StoredPasskey,
} from "../../identity/factors/store.js";
import { subjectId } from "../../vocabulary/index.js";

export interface FactorRow {
  id: string;
  subject_id: string;
  kind: StoredFactor["kind"];
  name: string;
  created_at: Date;
  last_used_at: Date | null;
  credential_id: Buffer | null;
  public_key: Buffer | null;
  counter: string | null;
  transports: string[] | null;
  rp_id: string | null;
  backed_up: boolean | null;
}

export const factorColumns = sql.raw(
  "id, subject_id, kind, name, created_at, last_used_at, credential_id, public_key, counter, transports, rp_id, backed_up",
);

export function factorFromRow(row: FactorRow): StoredFactor {
  const { id, kind, name } = row;
  return { id, kind, name, createdAt: row.created_at, lastUsedAt: row.last_used_at };
}

export function passkeyFromRow(row: FactorRow): StoredPasskey {
  return {
    ...factorFromRow(row),
    kind: "passkey",
    subject: subjectId(row.subject_id),
    credentialId: row.credential_id!,
    publicKey: row.public_key!,
    counter: Number(row.counter),
    transports: row.transports!,
    rpId: row.rp_id!,
    backedUp: row.backed_up!,
  };
}

export interface CeremonyRow {
  purpose: Ceremony["purpose"];
  subject_id: string | null;
  bound: string;
  rp_id: string;
  origin: string;
}

export function ceremonyFromRow(row: CeremonyRow | undefined): Ceremony | null {
  if (row === undefined) return null;
  const { purpose, bound, origin } = row;
  return {
    purpose,
    subject: row.subject_id === null ? null : subjectId(row.subject_id),
    bound,
    rpId: row.rp_id,
    origin,
  };
}

export interface PendingRow {
  subject_id: string;
  answer_as: PendingSignIn["as"];
  enrol: boolean;
  client: string;
  address: string;
  expires_at: Date;
  provider_session_id: string | null;
  provider_ends_at: Date | null;
}

export const pendingColumns = sql.raw(`subject_id, answer_as, enrol, client, address, expires_at, provider_session_id,
  (select p.ends_at from provider_sessions p where p.id = provider_session_id) as provider_ends_at`);

export function pendingFromRow(row: PendingRow | undefined): PendingSignIn | null {
  if (row === undefined) return null;
  const { enrol, client, address } = row;
  const provider =
    row.provider_session_id === null ? undefined : { session: row.provider_session_id, until: row.provider_ends_at };
  return {
    subject: subjectId(row.subject_id),
    as: row.answer_as,
    enrol,
    client,
    address,
    expiresAt: row.expires_at,
    provider,
  };
}

export interface ChallengeRow {
  id: string;
  subject_id: string;
  connection: string;
  session_id: string | null;
  shown: string | null;
  created_at: Date;
  expires_at: Date;
  state: StoredChallenge["state"];
}

export const challengeColumns = sql.raw(`id, subject_id, connection, session_id, shown, created_at, expires_at,
  case when answered_at is not null then 'answered' when closed_at is not null then 'closed'
    when expires_at <= now() then 'expired' else 'pending' end as state`);

export function challengeFromRow(row: ChallengeRow | undefined): StoredChallenge | null {
  if (row === undefined) return null;
  const { id, connection, shown, state } = row;
  return {
    id,
    subject: subjectId(row.subject_id),
    connection,
    session: row.session_id,
    shown,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    state,
  };
}
