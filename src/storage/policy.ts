import { sql } from "kysely";
import type { EventDraft } from "../events/index.js";
import type { PolicyKind } from "../policy/documents/index.js";
import type { PolicyHistoryEntry, PolicyStore, PolicyWrite } from "../policy/store.js";
import { HoopError } from "../vocabulary/index.js";
import { ruleEvent } from "./events/of-changes.js";
import { writeEvents } from "./events/write.js";
import type { Db, Store } from "./store.js";
import { mapped } from "./store-error.js";

const maxHistory = 1000;

/** Policy documents on PostgreSQL. */
export function createPolicyStore(store: Store): PolicyStore {
  const { db, changes } = store;
  return {
    read: () =>
      mapped(async () => {
        // One statement sees one moment: a revision with the documents of another would let a plan lie.
        const { rows } = await sql<{ revision: string; documents: unknown[] }>`
          select revision, coalesce((select jsonb_agg(document order by kind, name) from policy_documents), '[]'::jsonb) as documents
          from policy_revision`.execute(db);
        return { revision: Number(rows[0]!.revision), documents: rows[0]!.documents };
      }),

    write: (change) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const revision = change.expected + 1;
          const { rows } =
            await sql`update policy_revision set revision = ${revision} where revision = ${change.expected} returning revision`.execute(
              trx,
            );
          if (rows.length === 0) {
            throw new HoopError("conflict", "policy has changed meanwhile, so nothing was applied", {
              hint: "look at the new plan and apply again",
            });
          }
          const events: EventDraft[] = [];
          for (const { kind, name } of change.remove) {
            await remove(trx, change, revision, kind, name);
            events.push(ruleEvent("removed", kind, name, revision));
          }
          for (const document of change.put) {
            const { kind, metadata } = document;
            const after = JSON.stringify(document);
            await record(trx, change, revision, kind, metadata.name, after);
            const { rows: before } = await sql`select from policy_documents where name = ${metadata.name}`.execute(trx);
            events.push(ruleEvent(before.length === 0 ? "created" : "changed", kind, metadata.name, revision));
            await sql`insert into policy_documents (name, kind, document, revision)
              values (${metadata.name}, ${kind}, ${after}::jsonb, ${revision})
              on conflict (name) do update set kind = excluded.kind, document = excluded.document,
                revision = excluded.revision, changed_at = now()`.execute(trx);
          }
          await changes.publish("policy", trx);
          await writeEvents(changes, trx, events);
          return revision;
        }),
      ),

    history: (limit) =>
      mapped(async () => {
        const { rows } = await sql<HistoryRow>`
          select revision, at, subject_name, kind, name, before, after from policy_history
          order by id desc limit ${Math.min(Math.max(0, limit), maxHistory)}`.execute(db);
        return rows.map(entryFromRow);
      }),

    watch: (listener) => changes.watch("policy", listener),
  };
}

interface HistoryRow {
  revision: string;
  at: Date;
  subject_name: string;
  kind: PolicyKind;
  name: string;
  before: unknown;
  after: unknown;
}

function entryFromRow({ revision, subject_name, ...rest }: HistoryRow): PolicyHistoryEntry {
  return { ...rest, revision: Number(revision), by: subject_name };
}

async function remove(trx: Db, change: PolicyWrite, revision: number, kind: PolicyKind, name: string): Promise<void> {
  await record(trx, change, revision, kind, name, null);
  await sql`delete from policy_documents where name = ${name} and kind = ${kind}`.execute(trx);
}

async function record(
  trx: Db,
  { author }: PolicyWrite,
  revision: number,
  kind: PolicyKind,
  name: string,
  after: string | null,
): Promise<void> {
  await sql`
    insert into policy_history (revision, subject_id, subject_name, kind, name, before, after)
    values (${revision}, ${author?.subject ?? null}::uuid, ${author?.name ?? "hoop"}, ${kind}, ${name},
      (select document from policy_documents where name = ${name} and kind = ${kind}), ${after}::jsonb)`.execute(trx);
}
