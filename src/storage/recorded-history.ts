import { sql } from "kysely";
import type { RecordedBatch, RecordedHistory, RecordedSession, RecordedStatement } from "../policy/replay/history.js";
import type { Analysis } from "../vocabulary/index.js";
import { readAnalyses } from "./recording/analyses.js";
import { unpackBodies } from "./recording/packed.js";
import type { RecordingTables } from "./recording/tables.js";
import type { Store } from "./store.js";

/** Blocks in flight; each unpacks to about a megabyte. */
const blocksAtOnce = 8;

/** Recorded statements as rules look at them again, read block by block. */
export function createRecordedHistory(store: Pick<Store, "db">): RecordedHistory {
  const db = store.db.withTables<RecordingTables>();
  return {
    async *read(since, until, { only, signal }) {
      for await (const bodies of blocks(since, signal)) {
        const batch = batchFrom(bodies, since, until, only === "shadows");
        if (batch.statements.length > 0 || batch.sessions.length > 0) yield batch;
      }
    },
    async analyses(hashes) {
      const texts = await readAnalyses(db, hashes);
      return new Map([...texts].map(([hash, text]) => [hash, JSON.parse(text) as Analysis]));
    },
  };

  /** A block's time is that of its last entry: none that ended before `since` holds anything of interest. */
  async function* blocks(since: number, signal: AbortSignal): AsyncGenerator<string[]> {
    let at = { chain: "00000000-0000-0000-0000-000000000000", first: "-1" };
    let coming = page(at, since);
    for (;;) {
      const rows = await coming;
      signal.throwIfAborted();
      if (rows.length === 0) return;
      at = rows.at(-1)!;
      // The next blocks are on their way while these are read.
      coming = rows.length < blocksAtOnce ? Promise.resolve([]) : page(at, since);
      coming.catch(() => {});
      const unpacked = rows.map(({ body }) => unpackBodies(body));
      for (const one of unpacked) one.catch(() => {});
      for (const one of unpacked) yield await one;
    }
  }

  async function page(after: { chain: string; first: string }, since: number) {
    const { rows } = await sql<{ chain: string; first: string; body: Buffer }>`
      select chain, first, body from recording_blocks
      where at >= to_timestamp(${since}::double precision / 1000.0)
        and (chain, first) > (${after.chain}::uuid, ${after.first}::bigint)
      order by chain, first limit ${blocksAtOnce}`.execute(db);
    return rows;
  }
}

/** Bodies begin with their place in the chain, then time and kind; the rest is looked at only where it matters. */
const kindMark = '"kind":"';

function batchFrom(bodies: readonly string[], since: number, until: number, onlyShadows: boolean): RecordedBatch {
  const sessions: RecordedSession[] = [];
  const statements: RecordedStatement[] = [];
  for (const body of bodies) {
    const at = body.indexOf(kindMark) + kindMark.length;
    if (body.startsWith('statement"', at)) {
      if (onlyShadows && !body.includes('"shadows":[')) continue;
      const one = statementFrom(JSON.parse(body) as Body);
      if (one && one.time >= since && one.time < until) statements.push(one);
    } else if (!onlyShadows && body.startsWith('session-opened"', at)) {
      const { session, groups } = JSON.parse(body) as { session: string; groups?: readonly string[] };
      sessions.push({ session, groups: groups ?? null });
    }
  }
  return { sessions, statements };
}

interface Body {
  readonly time: number;
  readonly session: string;
  readonly statement: string;
  readonly purpose: string;
  readonly phase: string;
  readonly outcome: RecordedStatement["outcome"];
  readonly actor: { readonly subject: string; readonly name: string; readonly system?: boolean };
  readonly connection: string;
  readonly reasons: RecordedStatement["reasons"];
  readonly analysis: unknown;
  readonly shown: string | null;
  readonly shadows?: RecordedStatement["shadows"];
}

/** Null: Hoop's own statement, which no rule judges. */
function statementFrom(body: Body): RecordedStatement | null {
  const { time, session, statement, actor, connection, outcome, reasons, shown } = body;
  if (body.purpose !== "forward" || actor.system === true) return null;
  return {
    time,
    session,
    statement,
    subject: actor.subject,
    name: actor.name,
    connection,
    outcome,
    reasons,
    connecting: body.phase === "connect",
    analysis: typeof body.analysis === "string" ? body.analysis : null,
    shown,
    shadows: body.shadows ?? [],
  };
}
