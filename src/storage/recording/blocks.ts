import { hash } from "node:crypto";
import { sql } from "kysely";
import type { StoredEntry } from "../../recording/store.js";
import { unpackBodies } from "./packed.js";
import type { Db } from "./tables.js";

/** Entries by their place in the block, so that one that was altered is reported where it should stand. */
export async function entriesOf(block: { readonly first: string; readonly body: Buffer }): Promise<StoredEntry[]> {
  const first = Number(block.first);
  return (await unpackBodies(block.body)).map((body, at) => ({
    seq: first + at,
    hash: hash("sha256", body, "hex"),
    body,
  }));
}

export async function entryAt(db: Db, chain: string, seq: number): Promise<StoredEntry | undefined> {
  const [found] = await entriesAt(db, [{ chain, seq: String(seq) }]);
  return found;
}

/** In the order of the places; each block is unpacked once. */
export async function entriesAt(
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
