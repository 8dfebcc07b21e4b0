import { sql } from "kysely";
import type { RotationStore } from "../secrets/rotation/index.js";
import { connectionId } from "../vocabulary/index.js";
import type { Store } from "./store.js";
import { mapped } from "./store-error.js";

/** Changes of stored passwords, on PostgreSQL. */
export function createRotationStore({ db }: Store): RotationStore {
  return {
    claim: ({ id, name }, replica) =>
      mapped(async () => {
        // Longer than any change takes: who is silent since then is gone.
        const { rows } =
          await sql`insert into credential_rotations (connection_id, connection_name, state, began_at, replica)
          values (${id}, ${name}, 'pending', now(), ${replica})
          on conflict (connection_id) do update set state = 'pending', began_at = now(), replica = ${replica}, connection_name = ${name}
            where credential_rotations.state <> 'pending' or credential_rotations.began_at < now() - interval '2 minutes'
          returning connection_id`.execute(db);
        return rows.length > 0;
      }),
    finish: (connection, problem) =>
      mapped(async () => {
        await sql`update credential_rotations set state = ${problem === null ? "done" : "failed"}, problem = ${problem},
          changed_at = ${problem === null ? sql`now()` : sql`changed_at`} where connection_id = ${connection}`.execute(
          db,
        );
      }),
    changed: () =>
      mapped(async () => {
        const { rows } = await sql<{
          id: string;
          at: Date;
        }>`select connection_id as id, changed_at as at from credential_rotations
          where changed_at is not null`.execute(db);
        return new Map(rows.map(({ id, at }) => [connectionId(id), at]));
      }),
  };
}
