import { type RawBuilder, sql } from "kysely";
import type { Ending, Review, ReviewDecision, ReviewHead, ReviewKind, ReviewStateName } from "../../reviews/review.js";
import type { StoredGrant } from "../../reviews/store.js";
import {
  connectionId,
  type Effect,
  type HoldTerms,
  ruleId,
  type StatementId,
  type Subject,
  sessionId,
  subjectId,
} from "../../vocabulary/index.js";
import type { Db } from "../store.js";
import { places, type ReviewSealer } from "./sealer.js";

export interface ReviewRow {
  id: string;
  kind: ReviewKind;
  requester_id: string;
  requester_name: string;
  requester_kind: Subject["kind"];
  acts_for_id: string | null;
  acts_for_name: string | null;
  connection_ids: string[];
  connection_names: string[];
  session_id: string | null;
  statement_id: string | null;
  terms: HoldTerms[];
  escalated: string[];
  state: ReviewStateName;
  opened_at: Date;
  expires_at: Date;
  approved_at: Date | null;
  use_by: Date | null;
  ended_at: Date | null;
  ended_why: Ending | null;
  ended_by: string | null;
  key_id: string;
  head: Buffer;
  version: string;
  now: Date;
}

// Not `now()`: within a transaction it stands still, and a lock may have been waited for.
export const storeNow = sql.raw("clock_timestamp()");

export const reviewColumns: RawBuilder<unknown> =
  sql.raw(`r.id, r.kind, r.requester_id, r.requester_name, r.requester_kind, r.acts_for_id,
  r.acts_for_name, r.connection_ids, r.connection_names, r.session_id, r.statement_id, r.terms, r.escalated, r.state, r.opened_at,
  r.expires_at, r.approved_at, r.use_by, r.ended_at, r.ended_why, r.ended_by, r.key_id, r.head, r.version, clock_timestamp() as now`);

interface DecisionRow {
  review_id: string;
  by_id: string;
  by_name: string;
  verdict: ReviewDecision["verdict"];
  key_id: string | null;
  reason: Buffer | null;
  at: Date;
}

/** Rows as reviews, with what was said of them. */
export async function reviewsFrom(db: Db, sealer: ReviewSealer, rows: readonly ReviewRow[]): Promise<Review[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const { rows: said } = await sql<DecisionRow>`select review_id, by_id, by_name, verdict, key_id, reason, at
    from review_decisions where review_id = any(${ids}::text[]) order by at, by_id`.execute(db);
  return Promise.all(
    rows.map(async (row) => {
      const own = said.filter((one) => one.review_id === row.id);
      return reviewFrom(row, await headOf(sealer, row), await Promise.all(own.map((one) => decisionFrom(sealer, one))));
    }),
  );
}

const headOf = (sealer: ReviewSealer, row: ReviewRow) =>
  sealer.open<ReviewHead>(places.head(row.id), { key_id: row.key_id, sealed: row.head });

async function decisionFrom(sealer: ReviewSealer, row: DecisionRow): Promise<ReviewDecision> {
  const reason =
    row.reason === null || row.key_id === null
      ? null
      : await sealer.open<string>(places.reason(row.review_id, row.by_id), { key_id: row.key_id, sealed: row.reason });
  return { by: { id: subjectId(row.by_id), name: row.by_name }, verdict: row.verdict, reason, at: row.at.getTime() };
}

const ms = (date: Date | null) => date?.getTime() ?? null;

function reviewFrom(row: ReviewRow, head: ReviewHead, decisions: readonly ReviewDecision[]): Review {
  return {
    id: row.id,
    kind: row.kind,
    requester: { id: subjectId(row.requester_id), name: row.requester_name, kind: row.requester_kind },
    onBehalfOf: row.acts_for_id === null ? null : { id: subjectId(row.acts_for_id), name: row.acts_for_name ?? "" },
    connections: connectionsFrom(row),
    session: row.session_id === null ? null : sessionId(row.session_id),
    statement: row.statement_id as StatementId | null,
    terms: row.terms,
    state: row.state,
    openedAt: row.opened_at.getTime(),
    expiresAt: row.expires_at.getTime(),
    approvedAt: ms(row.approved_at),
    useBy: ms(row.use_by),
    endedAt: ms(row.ended_at),
    ending: row.ended_why === null ? null : { why: row.ended_why, by: row.ended_by },
    escalated: row.escalated.map(ruleId),
    decisions,
    head,
    version: Number(row.version),
  };
}

function connectionsFrom(row: { connection_ids: string[]; connection_names: string[] }) {
  return row.connection_ids.map((id, i) => ({ id: connectionId(id), name: row.connection_names[i] ?? "" }));
}

export interface GrantRow {
  id: string;
  subject_id: string;
  subject_name: string;
  connection_ids: string[];
  connection_names: string[];
  effects: Effect[];
  ticket: string | null;
  since: Date;
  until: Date;
  ended_at: Date | null;
  ended_by: string | null;
  ended_why: "over" | "revoked" | "returned" | null;
}

export const grantColumns: RawBuilder<unknown> = sql.raw(
  "g.id, g.subject_id, g.subject_name, g.connection_ids, g.connection_names, g.effects, g.ticket, g.since, g.until, g.ended_at, g.ended_by, g.ended_why",
);

export function grantFrom(row: GrantRow): StoredGrant {
  return {
    id: row.id,
    subject: { id: subjectId(row.subject_id), name: row.subject_name },
    connections: connectionsFrom(row),
    effects: row.effects,
    ticket: row.ticket,
    since: row.since.getTime(),
    until: row.until.getTime(),
    ended:
      row.ended_at === null || row.ended_why === null
        ? null
        : { at: row.ended_at.getTime(), by: row.ended_by, why: row.ended_why },
  };
}
