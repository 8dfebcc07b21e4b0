import { type Kysely, type SqlBool, sql, type Transaction } from "kysely";
import { newEntries } from "../recording/follow.js";
import type { SignedHead } from "../recording/head.js";
import { type FiledEntry, fileEntries, type SessionChange } from "../recording/session-changes.js";
import type { PageMark, RecordingStore, SessionSummary, StoredEntry, StoredPayload } from "../recording/store.js";
import type { Store } from "./store.js";

type RecordingTables = {
  recording_chains: { chain: string; seq: string; hash: Buffer };
  recording_entries: {
    chain: string;
    seq: string;
    at: Date;
    kind: string;
    session: string | null;
    hash: Buffer;
    body: string;
  };
  recording_payloads: { hash: Buffer; at: Date; bytes: string; sealed: Buffer; chunks: number };
  recording_payload_chunks: { hash: Buffer; n: number; sealed: Buffer };
  recording_heads: { id: string; chain: string; seq: string; at: Date; body: string; signature: string };
  recording_sessions: {
    session: string;
    subject: string;
    name: string;
    connection: string;
    protocol: string;
    from_address: string;
    refused: boolean;
    started_at: Date;
    ended_at: Date | null;
    end_reason: string | null;
    statements: string;
    allowed: string;
    denied: string;
    held: string;
    challenged: string;
  };
};

type Db = Kysely<RecordingTables>;

/** The recordings' port on PostgreSQL. */
export function createRecordingStore(store: Pick<Store, "db">): RecordingStore {
  const db: Db = store.db.withTables<RecordingTables>();
  const entryColumns = ["chain", "seq", "hash", "body"] as const;
  return {
    async append(batch) {
      await db.transaction().execute(async (trx) => {
        // The row is the chain's lock: two feeders of one chain would otherwise interleave.
        await sql`insert into recording_chains (chain, seq, hash) values (${batch.chain}, 0, '') on conflict (chain) do nothing`.execute(
          trx,
        );
        const row = await trx
          .selectFrom("recording_chains")
          .select(["seq", "hash"])
          .where("chain", "=", batch.chain)
          .forUpdate()
          .executeTakeFirstOrThrow();
        const tip = row.seq === "0" ? null : { seq: Number(row.seq), hash: row.hash.toString("hex") };
        const known = async (seq: number) => {
          const entry = await trx
            .selectFrom("recording_entries")
            .select("hash")
            .where("chain", "=", batch.chain)
            .where("seq", "=", String(seq))
            .executeTakeFirst();
          return entry?.hash.toString("hex") ?? null;
        };
        const fresh = await newEntries(batch, tip, known);
        const { filed, sessions } = fileEntries(fresh);
        if (filed.length > 0) {
          await insertEntries(trx, batch.chain, filed);
          await applySessions(trx, batch.chain, sessions);
          const last = filed.at(-1)!;
          await sql`update recording_chains set seq = ${last.seq}, hash = ${Buffer.from(last.hash, "hex")}, updated_at = now() where chain = ${batch.chain}`.execute(
            trx,
          );
        }
        if (batch.payloads.length > 0) await insertPayloads(trx, batch.payloads, filed.at(-1)?.time ?? Date.now());
        if (batch.heads.length > 0) await insertHeads(trx, batch.heads);
      });
    },
    async putLarge(payload, chunks) {
      const hash = Buffer.from(payload.hash, "hex");
      const there = await db
        .selectFrom("recording_payloads")
        .select("hash")
        .where("hash", "=", hash)
        .executeTakeFirst();
      if (there !== undefined) return;
      let n = 0;
      for await (const chunk of chunks) {
        await sql`insert into recording_payload_chunks (hash, n, sealed) values (${hash}, ${n}, ${Buffer.from(chunk)}) on conflict (hash, n) do nothing`.execute(
          db,
        );
        n += 1;
      }
      // The payload itself comes last: with it, all of its chunks are there.
      await sql`
        insert into recording_payloads (hash, at, bytes, sealed, chunks)
        values (${hash}, now(), ${payload.bytes}, ${Buffer.from(payload.sealed)}, ${n}) on conflict (hash) do nothing`.execute(
        db,
      );
    },
    async tip(chain) {
      const row = await db
        .selectFrom("recording_chains")
        .select(["seq", "hash"])
        .where("chain", "=", chain)
        .executeTakeFirst();
      return row === undefined || row.seq === "0" ? null : { seq: Number(row.seq), hash: row.hash.toString("hex") };
    },
    async chains() {
      const rows = await db
        .selectFrom("recording_chains")
        .select(["chain", "seq", "hash"])
        .where("seq", ">", "0")
        .orderBy("chain")
        .execute();
      return rows.map((row) => ({ chain: row.chain, seq: Number(row.seq), hash: row.hash.toString("hex") }));
    },
    async entries(chain, after, limit) {
      const rows = await db
        .selectFrom("recording_entries")
        .select(entryColumns)
        .where("chain", "=", chain)
        .where("seq", ">", String(after))
        .orderBy("seq")
        .limit(limit)
        .execute();
      return rows.map(storedEntry);
    },
    async heads(mark, limit) {
      const rows = await db
        .selectFrom("recording_heads")
        .select(["id", "body", "signature"])
        .where("id", ">", mark ?? "0")
        .orderBy("id")
        .limit(limit)
        .execute();
      return {
        heads: rows.map(({ body, signature }) => ({ body, signature })),
        next: rows.length < limit ? null : rows.at(-1)!.id,
      };
    },
    async newestHeads() {
      return db
        .selectFrom("recording_heads")
        .distinctOn("chain")
        .select(["body", "signature"])
        .orderBy("chain")
        .orderBy("id", "desc")
        .execute();
    },
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
    async sessionEntries(session, mark, limit) {
      let query = db.selectFrom("recording_entries").select(entryColumns).where("session", "=", session);
      const at = mark === null ? null : mark.split(" ");
      if (at !== null) query = query.where(sql<SqlBool>`(chain, seq) > (${at[0]}::uuid, ${at[1]}::bigint)`);
      const rows = await query.orderBy("chain").orderBy("seq").limit(limit).execute();
      const last = rows.at(-1);
      return {
        entries: rows.map(storedEntry),
        next: rows.length < limit || last === undefined ? null : `${last.chain} ${last.seq}`,
      };
    },
    async changes(mark, limit) {
      let query = db
        .selectFrom("recording_entries")
        .select([...entryColumns, "at"])
        .where("session", "is", null);
      const at = mark === null ? null : mark.split(" ");
      if (at !== null)
        query = query.where(sql<SqlBool>`(at, chain, seq) < (${at[0]}::timestamptz, ${at[1]}::uuid, ${at[2]}::bigint)`);
      const rows = await query
        .orderBy("at", "desc")
        .orderBy("chain", "desc")
        .orderBy("seq", "desc")
        .limit(limit)
        .execute();
      const last = rows.at(-1);
      return {
        entries: rows.map(storedEntry),
        next: rows.length < limit || last === undefined ? null : `${last.at.toISOString()} ${last.chain} ${last.seq}`,
      };
    },
    async payload(hash) {
      const key = Buffer.from(hash, "hex");
      const row = await db
        .selectFrom("recording_payloads")
        .select(["sealed", "bytes", "chunks"])
        .where("hash", "=", key)
        .executeTakeFirst();
      if (row === undefined) return null;
      const chunks =
        row.chunks === 0
          ? []
          : await db
              .selectFrom("recording_payload_chunks")
              .select("sealed")
              .where("hash", "=", key)
              .orderBy("n")
              .execute();
      return { sealed: row.sealed, bytes: Number(row.bytes), chunks: chunks.map((chunk) => chunk.sealed) };
    },
    async deletePayloads(before, limit) {
      return db.transaction().execute(async (trx) => {
        const gone = await sql<{ hash: Buffer; chunks: number }>`
          delete from recording_payloads where hash in (select hash from recording_payloads where at < ${before} limit ${limit})
          returning hash, chunks`.execute(trx);
        const large = gone.rows.filter((row) => row.chunks > 0).map((row) => row.hash);
        if (large.length > 0) await trx.deleteFrom("recording_payload_chunks").where("hash", "in", large).execute();
        return gone.rows.length;
      });
    },
  };
}

async function insertEntries(
  trx: Transaction<RecordingTables>,
  chain: string,
  entries: readonly FiledEntry[],
): Promise<void> {
  await sql`
    insert into recording_entries (chain, seq, at, kind, session, hash, body)
    select ${chain}::uuid, seq, to_timestamp(at / 1000.0), kind, session, decode(hash, 'hex'), body
    from unnest(
      ${entries.map((entry) => entry.seq)}::bigint[],
      ${entries.map((entry) => entry.time)}::double precision[],
      ${entries.map((entry) => entry.kind)}::text[],
      ${entries.map((entry) => entry.session)}::uuid[],
      ${entries.map((entry) => entry.hash)}::text[],
      ${entries.map((entry) => entry.body)}::text[]
    ) as given (seq, at, kind, session, hash, body)`.execute(trx);
}

async function insertPayloads(
  trx: Transaction<RecordingTables>,
  payloads: readonly StoredPayload[],
  time: number,
): Promise<void> {
  await sql`
    insert into recording_payloads (hash, at, bytes, sealed)
    select decode(hash, 'hex'), to_timestamp(${time}::double precision / 1000.0), bytes, sealed
    from unnest(
      ${payloads.map((payload) => payload.hash)}::text[],
      ${payloads.map((payload) => payload.bytes)}::bigint[],
      ${payloads.map((payload) => Buffer.from(payload.sealed))}::bytea[]
    ) as given (hash, bytes, sealed)
    on conflict (hash) do nothing`.execute(trx);
}

async function insertHeads(trx: Transaction<RecordingTables>, heads: readonly SignedHead[]): Promise<void> {
  const bodies = heads.map((head) => JSON.parse(head.body) as { chain: string; seq: number; time: number });
  await sql`
    insert into recording_heads (chain, seq, at, body, signature)
    select chain, seq, to_timestamp(at / 1000.0), body, signature
    from unnest(
      ${bodies.map((body) => body.chain)}::uuid[],
      ${bodies.map((body) => body.seq)}::bigint[],
      ${bodies.map((body) => body.time)}::double precision[],
      ${heads.map((head) => head.body)}::text[],
      ${heads.map((head) => head.signature)}::text[]
    ) as given (chain, seq, at, body, signature)
    on conflict (chain, seq, at) do nothing`.execute(trx);
}

async function applySessions(
  trx: Transaction<RecordingTables>,
  chain: string,
  changes: ReadonlyMap<string, SessionChange>,
): Promise<void> {
  const opened = [...changes].flatMap(([session, change]) =>
    change.opened === null ? [] : [{ session, ...change.opened }],
  );
  if (opened.length > 0) {
    await sql`
      insert into recording_sessions (session, chain, subject, name, connection, protocol, from_address, refused, started_at)
      select session, ${chain}::uuid, subject, name, connection, protocol, from_address, refused, to_timestamp(at / 1000.0)
      from unnest(
        ${opened.map((each) => each.session)}::uuid[],
        ${opened.map((each) => clean(each.subject))}::text[],
        ${opened.map((each) => clean(each.name))}::text[],
        ${opened.map((each) => clean(each.connection))}::text[],
        ${opened.map((each) => clean(each.protocol))}::text[],
        ${opened.map((each) => clean(each.from))}::text[],
        ${opened.map((each) => each.refused)}::boolean[],
        ${opened.map((each) => each.at)}::double precision[]
      ) as given (session, subject, name, connection, protocol, from_address, refused, at)
      on conflict (session) do nothing`.execute(trx);
  }
  const all = [...changes];
  await sql`
    update recording_sessions as s set
      statements = s.statements + given.statements,
      allowed = s.allowed + given.allowed,
      denied = s.denied + given.denied,
      held = s.held + given.held,
      challenged = s.challenged + given.challenged,
      ended_at = coalesce(to_timestamp(given.ended / 1000.0), s.ended_at),
      end_reason = coalesce(given.reason, s.end_reason)
    from unnest(
      ${all.map(([session]) => session)}::uuid[],
      ${all.map(([, change]) => change.statements)}::bigint[],
      ${all.map(([, change]) => change.verdicts.allow)}::bigint[],
      ${all.map(([, change]) => change.verdicts.deny)}::bigint[],
      ${all.map(([, change]) => change.verdicts.hold)}::bigint[],
      ${all.map(([, change]) => change.verdicts.challenge)}::bigint[],
      ${all.map(([, change]) => change.closed?.at ?? null)}::double precision[],
      ${all.map(([, change]) => (change.closed === null ? null : clean(change.closed.reason)))}::text[]
    ) as given (session, statements, allowed, denied, held, challenged, ended, reason)
    where s.session = given.session`.execute(trx);
}

/** The database's text has no NUL; the entry itself keeps it, escaped. */
const clean = (text: string) => text.replaceAll("\0", "");

const storedEntry = (row: { seq: string; hash: Buffer; body: string }): StoredEntry => ({
  seq: Number(row.seq),
  hash: row.hash.toString("hex"),
  body: row.body,
});

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
