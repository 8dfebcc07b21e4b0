import { sql } from "kysely";
import type { TargetKeys } from "../connections/index.js";
import type { Connection } from "../vocabulary/index.js";
import type { Store } from "./store.js";
import { mapped } from "./store-error.js";

const endpointOf = ({ host, port }: Connection) => `${host.toLowerCase()} ${port}`;

/** Host keys of targets on PostgreSQL. */
export function createTargetKeys({ db }: Store): TargetKeys {
  const read = async (connection: Connection): Promise<string | null> => {
    const { rows } = await sql<{ key: string }>`select key from target_keys
      where connection = ${connection.id} and endpoint = ${endpointOf(connection)}`.execute(db);
    return rows[0]?.key ?? null;
  };
  return {
    known: (connection) =>
      mapped(async () => {
        const key = await read(connection);
        return key === null ? null : [key];
      }),
    learn: (connection, key) =>
      mapped(async () => {
        await sql`insert into target_keys (connection, endpoint, key) values (${connection.id}, ${endpointOf(connection)}, ${key})
          on conflict do nothing`.execute(db);
        return (await read(connection)) === key;
      }),
  };
}
