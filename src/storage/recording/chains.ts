import type { RecordingStore } from "../../recording/store.js";
import type { Db } from "./tables.js";

/** Where the chains stand, and what was signed of them. */
export function chainReading(db: Db): Pick<RecordingStore, "tip" | "chains" | "heads" | "newestHeads"> {
  return {
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
  };
}
