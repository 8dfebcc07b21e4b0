import { sql } from "kysely";
import type { DeviceLogin, FoundMachine, FoundToken, StoredSubject, TokenKind } from "../../identity/store.js";
import { type Bounds, subjectId } from "../../vocabulary/index.js";

export interface SubjectRow {
  id: string;
  kind: StoredSubject["kind"];
  name: string;
  email: string | null;
  password_hash: string | null;
  version: number;
  created_at: Date;
  disabled_at: Date | null;
  removed_at: Date | null;
  groups: string[];
}

export interface TokenRow extends SubjectRow {
  login_id: string;
  login_expires_at: Date;
  login_ended: boolean;
  login_ended_because: string | null;
  login_with_factor: boolean;
  token_kind: TokenKind;
  token_expires_at: Date;
  used_at: Date | null;
  /** Null: it is no machine's. */
  machine_bounds: Bounds[] | null;
  machine_sources: string[] | null;
  delegation_id: string | null;
}

export interface DeviceRow {
  client: string;
  address: string;
  expires_at: Date;
  answer: DeviceLogin["answer"];
  subject_id: string | null;
  with_factor: boolean;
  provider_session_id: string | null;
  provider_ends_at: Date | null;
}

export const subjectColumns =
  sql.raw(`s.id, s.kind, s.name, s.email, s.password_hash, s.version, s.created_at, s.disabled_at, s.removed_at,
  array(select m.group_name from subject_group_members m where m.subject_id = s.id order by m.group_name) as groups`);
export const deviceColumns = sql.raw(`client, address, expires_at, answer, subject_id, with_factor, provider_session_id,
  (select p.ends_at from provider_sessions p where p.id = provider_session_id) as provider_ends_at`);

export function subjectFromRow(row: SubjectRow): StoredSubject {
  return {
    id: subjectId(row.id),
    kind: row.kind,
    name: row.name,
    email: row.email,
    groups: row.groups,
    disabled: row.disabled_at !== null,
    createdAt: row.created_at,
    version: row.version,
    passwordHash: row.password_hash,
  };
}

export function tokenFromRow(row: TokenRow | null, delegation: FoundMachine["delegation"] = null): FoundToken | null {
  if (row === null) return null;
  return {
    subject: subjectFromRow(row),
    login: row.login_id,
    loginExpiresAt: row.login_expires_at,
    loginEnded: row.login_ended,
    loginEndedBecause: row.login_ended_because,
    loginWithFactor: row.login_with_factor,
    kind: row.token_kind,
    expiresAt: row.token_expires_at,
    machine:
      row.machine_bounds === null
        ? null
        : { bounds: row.machine_bounds, sources: row.machine_sources ?? [], delegation },
  };
}

export function deviceFromRow(row: DeviceRow | undefined): DeviceLogin | null {
  if (row === undefined) return null;
  return {
    client: row.client,
    address: row.address,
    expiresAt: row.expires_at,
    answer: row.answer,
    subject: row.subject_id === null ? null : subjectId(row.subject_id),
    withFactor: row.with_factor,
    provider:
      row.provider_session_id === null ? null : { session: row.provider_session_id, until: row.provider_ends_at },
  };
}
