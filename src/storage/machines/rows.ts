import { sql } from "kysely";
import type { BoundTerms, StoredKey, StoredTrust } from "../../identity/machines/store.js";
import { subjectId } from "../../vocabulary/index.js";

export interface KeyRow {
  id: string;
  subject_id: string;
  name: string;
  hint: string;
  bounds: BoundTerms;
  sources: string[];
  created_at: Date;
  created_by: string;
  expires_at: Date;
  ended_at: Date | null;
  ended_because: string | null;
  used_at: Date | null;
  used_from: string | null;
}

export interface TrustRow {
  id: string;
  name: string;
  subject_id: string;
  issuer: string;
  audience: string;
  claims: Record<string, string[]>;
  condition: string | null;
  bounds: BoundTerms;
  life_s: number;
  single_use: boolean;
  created_at: Date;
  created_by: string;
}

export const keyColumns = sql.raw(
  "k.id, k.subject_id, k.name, k.hint, k.bounds, k.sources, k.created_at, k.created_by, k.expires_at, k.ended_at, k.ended_because, k.used_at, k.used_from",
);
export const trustColumns = sql.raw(
  "t.id, t.name, t.subject_id, t.issuer, t.audience, t.claims, t.condition, t.bounds, t.life_s, t.single_use, t.created_at, t.created_by",
);

export function keyFromRow(row: KeyRow): StoredKey {
  return {
    id: row.id,
    subject: subjectId(row.subject_id),
    name: row.name,
    hint: row.hint,
    bounds: row.bounds,
    sources: row.sources,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    ended: row.ended_at === null ? null : { at: row.ended_at, because: row.ended_because ?? "" },
    used: row.used_at === null ? null : { at: row.used_at, from: row.used_from ?? "" },
  };
}

export function trustFromRow(row: TrustRow): StoredTrust {
  return {
    id: row.id,
    name: row.name,
    subject: subjectId(row.subject_id),
    issuer: row.issuer,
    audience: row.audience,
    claims: row.claims,
    condition: row.condition,
    bounds: row.bounds,
    lifeSeconds: row.life_s,
    singleUse: row.single_use,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
