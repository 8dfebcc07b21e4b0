import { type SqlBool, sql } from "kysely";
import type { PageMark, RecordingStore, SessionSummary } from "../../recording/store.js";
import type { Db, RecordingTables } from "./tables.js";

/** Sessions, the newest first. */
export function sessionReading(db: Db): Pick<RecordingStore, "session" | "sessions"> {
  return {
    async session(session) {
      const row = await db
        .selectFrom("recording_sessions")
        .selectAll()
        .where("session", "=", session)
        .executeTakeFirst();
      return row === undefined ? null : summary(row);
    },
    async sessions(filter, mark, limit) {
      let query = db.selectFrom("recording_sessions").selectAll();
      if (filter.subject !== undefined) query = query.where("subject", "=", filter.subject);
      const { within } = filter;
      if (within !== undefined) {
        const names = within.connections.map(({ name }) => name);
        const since = within.connections.map((one) => one.since);
        query = query.where(
          sql<SqlBool>`(subject = ${within.own} or exists (select from unnest(${names}::text[], ${since}::timestamptz[]) as w (name, since)
            where w.name = connection and started_at >= w.since))`,
        );
      }
      if (filter.connection !== undefined) query = query.where("connection", "=", filter.connection);
      if (filter.since !== undefined) query = query.where("started_at", ">=", filter.since);
      if (filter.until !== undefined) query = query.where("started_at", "<", filter.until);
      if (filter.open !== undefined) query = query.where("ended_at", filter.open ? "is" : "is not", null);
      const at = readMark(mark);
      if (at !== null)
        query = query.where(sql<SqlBool>`(started_at, session) < (${at.time}::timestamptz, ${at.id}::uuid)`);
      const rows = await query.orderBy("started_at", "desc").orderBy("session", "desc").limit(limit).execute();
      const last = rows.at(-1);
      return {
        sessions: rows.map(summary),
        next: rows.length < limit || last === undefined ? null : writeMark(last.started_at, last.session),
      };
    },
  };
}

function summary(row: RecordingTables["recording_sessions"]): SessionSummary {
  return {
    session: row.session,
    subject: row.subject,
    name: row.name,
    connection: row.connection,
    protocol: row.protocol,
    from: row.from_address,
    refused: row.refused,
    started: row.started_at,
    ended: row.ended_at,
    endReason: row.end_reason,
    statements: Number(row.statements),
    verdicts: {
      allow: Number(row.allowed),
      deny: Number(row.denied),
      hold: Number(row.held),
      challenge: Number(row.challenged),
    },
  };
}

const writeMark = (time: Date, id: string): string => `${time.toISOString()} ${id}`;

function readMark(mark: PageMark): { readonly time: string; readonly id: string } | null {
  const [time, id] = mark?.split(" ") ?? [];
  return time === undefined || id === undefined ? null : { time, id };
}
