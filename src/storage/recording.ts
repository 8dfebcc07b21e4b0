import type { RecordingStore } from "../recording/store.js";
import type { EntriesWritten } from "./events/from-entries.js";
import { appendBatch } from "./recording/append.js";
import { chainReading } from "./recording/chains.js";
import { entryReading } from "./recording/entries.js";
import { payloadKeeping } from "./recording/payloads.js";
import { sessionReading } from "./recording/sessions.js";
import type { Db, RecordingTables } from "./recording/tables.js";
import type { Store } from "./store.js";

/** The recordings' port on PostgreSQL. `written`: what else follows new entries, in their transaction. */
export function createRecordingStore(store: Pick<Store, "db">, written?: EntriesWritten): RecordingStore {
  const db: Db = store.db.withTables<RecordingTables>();
  return {
    append: (batch) => db.transaction().execute((trx) => appendBatch(trx, batch, written)),
    ...chainReading(db),
    ...entryReading(db),
    ...sessionReading(db),
    ...payloadKeeping(db),
  };
}
