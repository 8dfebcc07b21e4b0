import { sql } from "kysely";
import { type EventStore, eventId, ruleChanged } from "../../events/index.js";
import { HoopError } from "../../vocabulary/index.js";
import type { Store } from "../store.js";
import { mapped } from "../store-error.js";
import { writeEvents } from "./write.js";

type Documents = Pick<EventStore, "reactions" | "write" | "history">;

/** Reactions and receivers, each version with what was before. */
export function documentsOn({ db, changes }: Store): Documents {
  return {
    reactions: () =>
      mapped(async () => {
        // One statement sees one moment.
        const { rows } = await sql<{ revision: string; documents: unknown[] }>`
          select revision, coalesce((select jsonb_agg(document order by kind, name) from reaction_documents), '[]'::jsonb) as documents
          from reaction_revision`.execute(db);
        return { revision: Number(rows[0]!.revision), documents: rows[0]!.documents };
      }),
    write: ({ expected, by, put, remove }) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const revision = expected + 1;
          const { rows } =
            await sql`update reaction_revision set revision = ${revision} where revision = ${expected} returning revision`.execute(
              trx,
            );
          if (rows.length === 0)
            throw new HoopError("conflict", "reactions have changed meanwhile, so nothing was applied", {
              hint: "look at them and apply again",
            });
          const changed: { kind: string; name: string; change: "created" | "changed" | "removed" }[] = [];
          for (const name of remove) {
            const { rows: gone } = await sql<{
              kind: string;
              document: unknown;
            }>`delete from reaction_documents where name = ${name} returning kind, document`.execute(trx);
            if (gone[0] === undefined) continue;
            await sql`insert into reaction_history (revision, by_name, kind, name, before, after)
              values (${revision}, ${by.name}, ${gone[0].kind}, ${name}, ${JSON.stringify(gone[0].document)}::jsonb, null)`.execute(
              trx,
            );
            await sql`delete from reaction_windows where rule = ${name}`.execute(trx);
            changed.push({ kind: gone[0].kind, name, change: "removed" });
          }
          for (const document of put) {
            const { kind, metadata } = document;
            const after = JSON.stringify(document);
            const { rows: before } = await sql<{
              document: unknown;
            }>`select document from reaction_documents where name = ${metadata.name}`.execute(trx);
            await sql`insert into reaction_history (revision, by_name, kind, name, before, after)
              values (${revision}, ${by.name}, ${kind}, ${metadata.name}, ${before[0] === undefined ? null : JSON.stringify(before[0].document)}::jsonb, ${after}::jsonb)`.execute(
              trx,
            );
            await sql`insert into reaction_documents (name, kind, document, revision) values (${metadata.name}, ${kind}, ${after}::jsonb, ${revision})
              on conflict (name) do update set kind = excluded.kind, document = excluded.document, revision = excluded.revision, changed_at = now()`.execute(
              trx,
            );
            changed.push({ kind, name: metadata.name, change: before[0] === undefined ? "created" : "changed" });
          }
          await changes.publish("reactions", trx);
          const at = Date.now();
          await writeEvents(
            changes,
            trx,
            changed.map(({ kind, name, change }) =>
              ruleChanged.draft({
                id: eventId(ruleChanged.type, "reactions", String(revision), name),
                ...{ at, subject: by, connection: null, session: null, cause: [] },
                data: { change, kind, name, revision },
              }),
            ),
          );
          return revision;
        }),
      ),
    history: (limit) =>
      mapped(async () => {
        const { rows } = await sql<{
          revision: string;
          at: Date;
          by_name: string;
          kind: string;
          name: string;
          before: unknown;
          after: unknown;
        }>`select revision, at, by_name, kind, name, before, after from reaction_history order by id desc limit ${limit}`.execute(
          db,
        );
        return rows.map(({ revision, by_name, ...rest }) => ({ ...rest, revision: Number(revision), by: by_name }));
      }),
  };
}
