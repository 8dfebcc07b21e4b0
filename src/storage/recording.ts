import { hash } from "node:crypto";
import { type Kysely, type SqlBool, sql, type Transaction } from "kysely";
import { describedIn } from "../recording/analyses.js";
import type { DescribedAnalysis } from "../recording/entry.js";
import { newEntries } from "../recording/follow.js";
import type { SignedHead } from "../recording/head.js";
import { type NewEntry, sessionOf } from "../recording/new-entry.js";
import { type SessionChange, sessionChanges } from "../recording/session-changes.js";
import type { NewPayload, PageMark, RecordingStore, SessionSummary, StoredEntry } from "../recording/store.js";
import { HoopError } from "../vocabulary/index.js";
import type { EntriesWritten } from "./events/from-entries.js";
import { packBodies, unpackBodies } from "./recording/packed.js";
import { encodeSealed, findSealed } from "./recording/sealed-block.js";
import type { Store } from "./store.js";

type RecordingTables = {
  recording_chains: { chain: string; seq: string; hash: Buffer };
  recording_blocks: { chain: string; first: string; last: string; at: Date; body: Buffer };
  recording_session_blocks: { session: string; chain: string; first: string };
  recording_changes: { at: Date; chain: string; seq: string };
  recording_analyses: { hash: Buffer; body: string };
  recording_sealed_blocks: { chain: string; first: string; last: string; at: Date; payloads: number; body: Buffer };
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

/** The recordings' port on PostgreSQL. `written`: what else follows new entries, in their transaction. */
export function createRecordingStore(store: Pick<Store, "db">, written?: EntriesWritten): RecordingStore {
  const db: Db = store.db.withTables<RecordingTables>();
  return {
    async append(batch) {
      await db.transaction().execute(async (trx) => {
        const tip = await lockChain(trx, batch.chain);
        const known = async (seq: number) => (await entryAt(trx, batch.chain, seq))?.hash ?? null;
        const fresh = await newEntries(batch, tip, known);
        if (fresh.length > 0) {
          const first = fresh[0]!.seq;
          await insertBlock(trx, batch.chain, fresh);
          await applySessions(trx, batch.chain, sessionChanges(fresh));
          const described = describedIn(fresh);
          if (described.length > 0) await insertAnalyses(trx, described);
          // What belongs to an entry that was there already came with it.
          const sealed = batch.payloads.filter((payload) => payload.seq >= first);
          if (sealed.length > 0) await insertSealed(trx, batch.chain, fresh.at(-1)!.time, sealed);
        }
        if (batch.heads.length > 0) await insertHeads(trx, batch.heads);
        if (fresh.length > 0) await written?.(trx, fresh);
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
      const entries: StoredEntry[] = [];
      for (let first = "-1"; entries.length < limit; ) {
        const blocks = await db
          .selectFrom("recording_blocks")
          .select(["first", "body"])
          .where("chain", "=", chain)
          .where("last", ">", String(after))
          .where("first", ">", first)
          .orderBy("first")
          .limit(blocksAtOnce)
          .execute();
        for (const block of blocks) {
          // What cannot be read is missing from an export, and so the verifier names it.
          const found = await entriesOf(block).catch(() => []);
          for (const entry of found) if (entry.seq > after && entries.length < limit) entries.push(entry);
        }
        if (blocks.length < blocksAtOnce) break;
        first = blocks.at(-1)!.first;
      }
      return entries;
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
    async sessionEntries(session, mark, limit) {
      const found: { readonly chain: string; readonly entry: StoredEntry }[] = [];
      const [markChain = lowest, markSeq = "0"] = mark?.split(" ") ?? [];
      // More than a page is looked for, to know whether there is another one.
      for (let at = { chain: lowest, first: "-1" }; found.length <= limit; ) {
        const { rows } = await sql<{ chain: string; first: string; body: Buffer }>`
          select chain, first, body from recording_session_blocks join recording_blocks using (chain, first)
          where session = ${session} and (chain, first) > (${at.chain}::uuid, ${at.first}::bigint)
            and (chain, last) > (${markChain}::uuid, ${markSeq}::bigint)
          order by chain, first limit ${blocksAtOnce}`.execute(db);
        for (const block of rows) {
          for (const entry of await entriesOf(block)) {
            if (block.chain === markChain && entry.seq <= Number(markSeq)) continue;
            if (sessionOf(entry.body) === session) found.push({ chain: block.chain, entry });
          }
        }
        if (rows.length < blocksAtOnce) break;
        at = rows.at(-1)!;
      }
      const some = found.slice(0, limit);
      const last = some.at(-1);
      return {
        entries: some.map(({ entry }) => entry),
        next: found.length <= limit || last === undefined ? null : `${last.chain} ${last.entry.seq}`,
      };
    },
    async analyses(hashes) {
      const rows = await db
        .selectFrom("recording_analyses")
        .select(["hash", "body"])
        .where(
          "hash",
          "in",
          hashes.map((each) => Buffer.from(each, "hex")),
        )
        .execute();
      return new Map(rows.map((row) => [row.hash.toString("hex"), row.body]));
    },
    async changes(mark, limit) {
      let query = db.selectFrom("recording_changes").select(["at", "chain", "seq"]);
      const at = mark === null ? null : changeMark(mark);
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
        entries: await entriesAt(db, rows),
        next: rows.length < limit || last === undefined ? null : `${last.at.toISOString()} ${last.chain} ${last.seq}`,
      };
    },
    async payload(hash, entry) {
      const key = Buffer.from(hash, "hex");
      const block = await db
        .selectFrom("recording_sealed_blocks")
        .select("body")
        .where("chain", "=", entry.chain)
        .where("first", "<=", String(entry.seq))
        .where("last", ">=", String(entry.seq))
        .orderBy("first", "desc")
        .limit(1)
        .executeTakeFirst();
      const found = block === undefined ? null : findSealed(block.body, key);
      if (found !== null) return { ...found, chunks: [] };
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
        // Each block has one at least: fewer than `limit` payloads gone means that no block is left.
        const blocks = await sql<{ payloads: number }>`
          delete from recording_sealed_blocks where (chain, first) in
            (select chain, first from recording_sealed_blocks where at < ${before} limit ${limit})
          returning payloads`.execute(trx);
        const gone = await sql<{ hash: Buffer; chunks: number }>`
          delete from recording_payloads where hash in (select hash from recording_payloads where at < ${before} limit ${limit})
          returning hash, chunks`.execute(trx);
        const large = gone.rows.filter((row) => row.chunks > 0).map((row) => row.hash);
        if (large.length > 0) await trx.deleteFrom("recording_payload_chunks").where("hash", "in", large).execute();
        return blocks.rows.reduce((sum, row) => sum + row.payloads, gone.rows.length);
      });
    },
  };
}

type Trx = Transaction<RecordingTables>;

/** Blocks read in one go; each unpacks to about a megabyte. */
const blocksAtOnce = 4;
const lowest = "00000000-0000-0000-0000-000000000000";

/** Where the chain stands; null: nowhere. The row is its lock: two feeders of one chain would otherwise interleave. */
async function lockChain(trx: Trx, chain: string): Promise<{ readonly seq: number; readonly hash: string } | null> {
  const locked = () =>
    trx
      .selectFrom("recording_chains")
      .select(["seq", "hash"])
      .where("chain", "=", chain)
      .forUpdate()
      .executeTakeFirst();
  let row = await locked();
  if (row === undefined) {
    await sql`insert into recording_chains (chain, seq, hash) values (${chain}, 0, '') on conflict (chain) do nothing`.execute(
      trx,
    );
    row = await locked();
  }
  return row === undefined || row.seq === "0" ? null : { seq: Number(row.seq), hash: row.hash.toString("hex") };
}

/** Entries by their place in the block, so that one that was altered is reported where it should stand. */
async function entriesOf(block: { readonly first: string; readonly body: Buffer }): Promise<StoredEntry[]> {
  const first = Number(block.first);
  return (await unpackBodies(block.body)).map((body, at) => ({
    seq: first + at,
    hash: hash("sha256", body, "hex"),
    body,
  }));
}

async function entryAt(db: Db, chain: string, seq: number): Promise<StoredEntry | undefined> {
  const [found] = await entriesAt(db, [{ chain, seq: String(seq) }]);
  return found;
}

/** In the order of the places; each block is unpacked once. */
async function entriesAt(
  db: Db,
  places: readonly { readonly chain: string; readonly seq: string }[],
): Promise<StoredEntry[]> {
  const { rows: blocks } = await sql<{ chain: string; first: string; body: Buffer }>`
    select distinct on (b.chain, b.first) b.chain, b.first, b.body
    from unnest(${places.map(({ chain }) => chain)}::uuid[], ${places.map(({ seq }) => seq)}::bigint[]) as place (chain, seq)
    cross join lateral (
      select * from recording_blocks where chain = place.chain and first <= place.seq order by first desc limit 1
    ) as b`.execute(db);
  const entries = new Map<string, StoredEntry>();
  for (const block of blocks)
    for (const entry of await entriesOf(block)) entries.set(`${block.chain} ${entry.seq}`, entry);
  return places.flatMap(({ chain, seq }) => entries.get(`${chain} ${seq}`) ?? []);
}

/** The block, what it is found by, and where the chain stands now, in one go. */
async function insertBlock(trx: Trx, chain: string, entries: readonly NewEntry[]): Promise<void> {
  const [first, last] = [entries[0]!, entries.at(-1)!];
  const packed = await packBodies(entries.map(({ body }) => body));
  const sessions = [...new Set(entries.flatMap(({ session }) => session ?? []))];
  const changes = entries.filter(({ session, kind }) => session === null && kind !== "analysis");
  await sql`
    with block as (
      insert into recording_blocks (chain, first, last, at, body)
      values (${chain}, ${first.seq}, ${last.seq}, to_timestamp(${last.time}::double precision / 1000.0), ${packed})
    ), listed as (
      insert into recording_session_blocks (session, chain, first)
      select session, ${chain}::uuid, ${first.seq}::bigint from unnest(${sessions}::uuid[]) as given (session)
    ), changed as (
      insert into recording_changes (at, chain, seq)
      select to_timestamp(at / 1000.0), ${chain}::uuid, seq
      from unnest(${changes.map(({ time }) => time)}::double precision[], ${changes.map(({ seq }) => seq)}::bigint[]) as given (at, seq)
    )
    update recording_chains set seq = ${last.seq}, hash = ${Buffer.from(last.hash, "hex")}, updated_at = now() where chain = ${chain}`.execute(
    trx,
  );
}

async function insertAnalyses(trx: Trx, analyses: readonly DescribedAnalysis[]): Promise<void> {
  await sql`
    insert into recording_analyses (hash, body)
    select decode(hash, 'hex'), body
    from unnest(${analyses.map((each) => each.hash)}::text[], ${analyses.map(({ text }) => text)}::text[]) as given (hash, body)
    on conflict (hash) do nothing`.execute(trx);
}

async function insertSealed(trx: Trx, chain: string, time: number, payloads: readonly NewPayload[]): Promise<void> {
  await sql`
    insert into recording_sealed_blocks (chain, first, last, at, payloads, body)
    values (${chain}, ${payloads[0]!.seq}, ${payloads.at(-1)!.seq}, to_timestamp(${time}::double precision / 1000.0),
      ${payloads.length}, ${encodeSealed(payloads)})`.execute(trx);
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

/** What `changes` gave as `next`: whatever else somebody gives back is theirs to mend. */
function changeMark(mark: string): readonly string[] {
  if (/^\d{4}-\d\d-\d\dT[\d:.]{8,15}Z [0-9a-f-]{36} \d{1,18}$/.test(mark)) return mark.split(" ");
  throw new HoopError("invalid", "`after` is not the `next` of a page");
}

function readMark(mark: PageMark): { readonly time: string; readonly id: string } | null {
  const [time, id] = mark?.split(" ") ?? [];
  return time === undefined || id === undefined ? null : { time, id };
}
