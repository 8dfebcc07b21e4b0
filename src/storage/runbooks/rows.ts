import { sql } from "kysely";
import type { Run, RunState, StepRecord, StepState } from "../../runbooks/run.js";
import type { NewSource, RunbookOrigin, RunbookSource, StoredRunbook } from "../../runbooks/store.js";

export interface VersionRow {
  name: string;
  version: number;
  text: string;
  hash: string;
  origin: RunbookOrigin;
  by_id: string;
  by_name: string;
  at: Date;
}

export const versionColumns = sql.raw("v.name, v.version, v.text, v.hash, v.origin, v.by_id, v.by_name, v.at");

export function runbookFromRow(row: VersionRow): StoredRunbook {
  const { name, version, text, hash, origin, at } = row;
  return { name, version, text, hash, origin, by: { id: row.by_id, name: row.by_name }, at };
}

export interface SourceRow {
  name: string;
  source: Omit<NewSource, "name">;
  synced_at: Date | null;
  commit: string | null;
  problem: string | null;
}

export function sourceFromRow(row: SourceRow): RunbookSource {
  return { ...row.source, name: row.name, syncedAt: row.synced_at, commit: row.commit, problem: row.problem };
}

export interface RunRow {
  id: string;
  runbook: string;
  version: number;
  hash: string;
  state: RunState;
  origin: Run["origin"];
  subject_id: string;
  subject_name: string;
  asker_id: string;
  asker_name: string;
  acting: Run["acting"];
  cause: Run["cause"];
  key: string;
  review: string | null;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  error: string | null;
}

export const runColumns = sql.raw(
  "id, runbook, version, hash, state, origin, subject_id, subject_name, asker_id, asker_name, acting, cause, key, review, created_at, started_at, ended_at, error",
);

export function runFromRow(row: RunRow): Run {
  const { id, runbook, version, hash, state, origin, acting, cause, key, review, error } = row;
  return {
    ...{ id, runbook, version, hash, state, origin, acting, cause, key, review, error },
    subject: { id: row.subject_id, name: row.subject_name },
    asker: { id: row.asker_id, name: row.asker_name },
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

export interface StepRow {
  n: number;
  phase: StepRecord["phase"];
  name: string;
  state: StepState;
  connection: string | null;
  session: string | null;
  started_at: Date;
  ended_at: Date | null;
  error: string | null;
  key_id: string;
  sealed: Buffer;
}

/** What of a step is sealed. */
export type SealedStep = Pick<StepRecord, "sent" | "result">;

export function stepFromRow(row: StepRow, { sent, result }: SealedStep): StepRecord {
  const { n, phase, name, state, connection, session, error } = row;
  return {
    n,
    phase,
    name,
    state,
    connection,
    session,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    sent,
    result,
    error,
  };
}
