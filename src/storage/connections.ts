import { sql } from "kysely";
import type { ConnectionStore } from "../connections/store.js";
import type { EventDraft } from "../events/index.js";
import { type Connection, type ConnectionId, connectionId, HoopError } from "../vocabulary/index.js";
import { connectionEvent } from "./events/of-changes.js";
import { writeEvents } from "./events/write.js";
import type { Db, Store } from "./store.js";
import { mapped } from "./store-error.js";

interface ConnectionRow extends Omit<Connection, "id"> {
  readonly id: string;
}

const columns = sql.raw(`id, name, protocol, host, port, agent, labels, tls, target,
  exposes_credential_to_agent as "exposesCredentialToAgent", credential, version`);

/** Connections on PostgreSQL. */
export function createConnectionStore(store: Store): ConnectionStore {
  const { db, changes } = store;

  function write<T>(work: (trx: Db, tell: (event: EventDraft) => void) => Promise<T>): Promise<T> {
    return mapped(() =>
      db.transaction().execute(async (trx) => {
        const events: EventDraft[] = [];
        const result = await work(trx, (event) => events.push(event));
        await changes.publish("connections", trx);
        await writeEvents(changes, trx, events);
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
    createdAt: (ids) =>
      mapped(async () => {
        const { rows } = await sql<{ id: string; created_at: Date }>`select id, created_at from connections
          where id = any(${[...ids]}::uuid[])`.execute(db);
        return new Map(rows.map((row) => [connectionId(row.id), row.created_at]));
      }),
    create: (connection) =>
      write(async (trx, tell) => {
        const { rows } =
          await sql`insert into connections (id, name, protocol, host, port, agent, labels, tls, target, exposes_credential_to_agent, credential, version)
          values (${connection.id}, ${connection.name}, ${connection.protocol}, ${connection.host}, ${connection.port}, ${connection.agent},
            ${JSON.stringify(connection.labels)}, ${JSON.stringify(connection.tls)}, ${JSON.stringify(connection.target)}, ${connection.exposesCredentialToAgent}, ${credentialOf(connection)}, ${connection.version})
          on conflict (name) do nothing returning id`.execute(trx);
        if (rows.length === 0) throw new HoopError("conflict", `there is a connection ${connection.name} already`);
        tell(connectionEvent("created", connection));
      }),
    replace: (connection) =>
      write(async (trx, tell) => {
        const { rows: taken } =
          await sql`select from connections where name = ${connection.name} and id <> ${connection.id}`.execute(trx);
        if (taken.length > 0) throw new HoopError("conflict", `there is a connection ${connection.name} already`);
        const { rows } =
          await sql`update connections set name = ${connection.name}, protocol = ${connection.protocol}, host = ${connection.host},
            port = ${connection.port}, agent = ${connection.agent}, labels = ${JSON.stringify(connection.labels)}, tls = ${JSON.stringify(connection.tls)},
            target = ${JSON.stringify(connection.target)}, exposes_credential_to_agent = ${connection.exposesCredentialToAgent}, credential = ${credentialOf(connection)},
            version = ${connection.version}, changed_at = now()
          where id = ${connection.id} and version = ${connection.version - 1} returning id`.execute(trx);
        if (rows.length > 0) tell(connectionEvent("changed", connection));
        return rows.length > 0;
      }),
    remove: (id) =>
      write(async (trx, tell) => {
        const { rows } = await sql<{ name: string }>`delete from connections where id = ${id} returning name`.execute(
          trx,
        );
        if (rows[0] !== undefined) tell(connectionEvent("removed", { id, name: rows[0].name }));
        return rows.length > 0;
      }),
    touch: (id: ConnectionId) =>
      write(async (trx) => {
        await sql`update connections set version = version + 1, changed_at = now() where id = ${id}`.execute(trx);
      }),
    watch: (listener) => changes.watch("connections", listener),
  };
}

function credentialOf({ credential }: Connection): string | null {
  return credential === undefined ? null : JSON.stringify(credential);
}

function connectionFromRow({ credential, ...row }: ConnectionRow): Connection {
  return { ...row, id: connectionId(row.id), ...(credential == null ? {} : { credential }) };
}
