import { type SqlBool, sql } from "kysely";
import { sessionOf } from "../../recording/new-entry.js";
import type { RecordingStore, StoredEntry } from "../../recording/store.js";
import { HoopError } from "../../vocabulary/index.js";
import { readAnalyses } from "./analyses.js";
import { entriesAt, entriesOf } from "./blocks.js";
import type { Db } from "./tables.js";

/** Blocks read in one go; each unpacks to about a megabyte. */
const blocksAtOnce = 4;
const lowest = "00000000-0000-0000-0000-000000000000";

/** Entries by chain, by session, and those that changed something. */
export function entryReading(db: Db): Pick<RecordingStore, "entries" | "sessionEntries" | "analyses" | "changes"> {
  return {
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
    analyses: (hashes) => readAnalyses(db, hashes),
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
  };
}

/** What `changes` gave as `next`: whatever else somebody gives back is theirs to mend. */
function changeMark(mark: string): readonly string[] {
  if (/^\d{4}-\d\d-\d\dT[\d:.]{8,15}Z [0-9a-f-]{36} \d{1,18}$/.test(mark)) return mark.split(" ");
  throw new HoopError("invalid", "`after` is not the `next` of a page");
}
