import { sql } from "kysely";
import { describedIn } from "../../recording/analyses.js";
import type { DescribedAnalysis } from "../../recording/entry.js";
import { newEntries } from "../../recording/follow.js";
import type { SignedHead } from "../../recording/head.js";
import type { NewEntry } from "../../recording/new-entry.js";
import { type SessionChange, sessionChanges } from "../../recording/session-changes.js";
import type { NewPayload, RecordingBatch } from "../../recording/store.js";
import type { EntriesWritten } from "../events/from-entries.js";
import { entryAt } from "./blocks.js";
import { packBodies } from "./packed.js";
import { encodeSealed } from "./sealed-block.js";
import type { Trx } from "./tables.js";

/** What of a batch is not there yet, with all that is found by it, and what `written` makes of it. */
export async function appendBatch(trx: Trx, batch: RecordingBatch, written?: EntriesWritten): Promise<void> {
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
}

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

async function insertHeads(trx: Trx, heads: readonly SignedHead[]): Promise<void> {
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

async function applySessions(trx: Trx, chain: string, changes: ReadonlyMap<string, SessionChange>): Promise<void> {
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
