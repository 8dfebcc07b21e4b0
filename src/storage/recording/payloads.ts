import { sql } from "kysely";
import type { RecordingStore } from "../../recording/store.js";
import { findSealed } from "./sealed-block.js";
import type { Db } from "./tables.js";

/** Sealed payloads: in blocks with others, or large and in chunks; found by hash, deleted by age. */
export function payloadKeeping(db: Db): Pick<RecordingStore, "putLarge" | "payload" | "deletePayloads"> {
  return {
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
