import type { Db } from "./tables.js";

/** Texts of analyses by their hash (hex); one that is not there is missing. */
export async function readAnalyses(db: Db, hashes: readonly string[]): Promise<Map<string, string>> {
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
}
