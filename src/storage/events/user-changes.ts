import { sql } from "kysely";
import { type SubjectRow, subjectColumns } from "../identity/rows.js";
import type { Db, Store } from "../store.js";
import { userEvent } from "./of-changes.js";
import { writeEvents } from "./write.js";

/**
 * Runs a write of identities and puts what it changed of users into the outbox, in its transaction: whoever writes them, for they all
 * take a new version for what they change. The topic is locked already, so nobody else takes one meanwhile.
 */
export async function withUserEvents<T>(changes: Store["changes"], trx: Db, work: () => Promise<T>): Promise<T> {
  const { rows: marks } = await sql<{
    mark: string;
  }>`select case when is_called then last_value else last_value - 1 end as mark
    from subject_versions`.execute(trx);
  const result = await work();
  const { rows } = await sql<
    SubjectRow & { made: boolean }
  >`select ${subjectColumns}, s.created_at = now() as made from subjects s
    where s.version > ${marks[0]!.mark} order by s.version limit 1000`.execute(trx);
  await writeEvents(
    changes,
    trx,
    rows.map((row) =>
      userEvent(row.removed_at !== null ? "removed" : row.made ? "created" : "changed", {
        ...row,
        disabled: row.disabled_at !== null || row.removed_at !== null,
      }),
    ),
  );
  return result;
}
