import { sql } from "kysely";
import type { ConnectionStore } from "../connections/store.js";
import { type Connection, type ConnectionId, connectionId, HoopError } from "../vocabulary/index.js";
import type { Db, Store } from "./store.js";
import { mapped } from "./store-error.js";

interface ConnectionRow extends Omit<Connection, "id"> {
  readonly id: string;
}

const columns = sql.raw(`id, name, protocol, host, port, agent, labels, tls, target,
  exposes_credential_to_agent as "exposesCredentialToAgent", version`);

/** Connections on PostgreSQL. */
export function createConnectionStore(store: Store): ConnectionStore {
  const { db, changes } = store;

  function write<T>(work: (trx: Db) => Promise<T>): Promise<T> {
    return mapped(() =>
      db.transaction().execute(async (trx) => {
        const result = await work(trx);
        await changes.publish("connections", trx);
        return result;
      }),
    );
  }

  return {
    list: () =>
      mapped(async () => {
        const { rows } = await sql<ConnectionRow>`select ${columns} from connections order by name`.execute(db);
        return rows.map(connectionFromRow);
      }),
    get: (id) =>
      mapped(async () => {
        const { rows } = await sql<ConnectionRow>`select ${columns} from connections where id = ${id}`.execute(db);
        return rows[0] === undefined ? null : connectionFromRow(rows[0]);
      }),
    create: (connection) =>
      write(async (trx) => {
        const { rows } =
          await sql`insert into connections (id, name, protocol, host, port, agent, labels, tls, target, exposes_credential_to_agent, version)
          values (${connection.id}, ${connection.name}, ${connection.protocol}, ${connection.host}, ${connection.port}, ${connection.agent},
            ${JSON.stringify(connection.labels)}, ${JSON.stringify(connection.tls)}, ${JSON.stringify(connection.target)}, ${connection.exposesCredentialToAgent}, ${connection.version})
          on conflict (name) do nothing returning id`.execute(trx);
        if (rows.length === 0) throw new HoopError("conflict", `there is a connection ${connection.name} already`);
      }),
    replace: (connection) =>
      write(async (trx) => {
        const { rows: taken } =
          await sql`select from connections where name = ${connection.name} and id <> ${connection.id}`.execute(trx);
        if (taken.length > 0) throw new HoopError("conflict", `there is a connection ${connection.name} already`);
        const { rows } =
          await sql`update connections set name = ${connection.name}, protocol = ${connection.protocol}, host = ${connection.host},
            port = ${connection.port}, agent = ${connection.agent}, labels = ${JSON.stringify(connection.labels)}, tls = ${JSON.stringify(connection.tls)},
            target = ${JSON.stringify(connection.target)}, exposes_credential_to_agent = ${connection.exposesCredentialToAgent},
            version = ${connection.version}, changed_at = now()
          where id = ${connection.id} and version = ${connection.version - 1} returning id`.execute(trx);
        return rows.length > 0;
      }),
    remove: (id) =>
      write(async (trx) => {
        const { rows } = await sql`delete from connections where id = ${id} returning id`.execute(trx);
        return rows.length > 0;
      }),
    touch: (id: ConnectionId) =>
      write(async (trx) => {
        await sql`update connections set version = version + 1, changed_at = now() where id = ${id}`.execute(trx);
      }),
    watch: (listener) => changes.watch("connections", listener),
  };
}

function connectionFromRow(row: ConnectionRow): Connection {
  return { ...row, id: connectionId(row.id) };
}
