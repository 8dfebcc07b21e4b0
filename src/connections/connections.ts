import { randomUUID } from "node:crypto";
import { type Connection, type ConnectionId, connectionId, HoopError } from "../vocabulary/index.js";
import { sourceOf } from "./credential.js";
import type { ConnectionSource } from "./source.js";
import type { ConnectionStore } from "./store.js";
import { type ConnectionDraft, type ConnectionProtocols, validated } from "./validate.js";

/** Takes a connection's secret out of sight. It is never given back. */
export interface ConnectionSecrets {
  put(connection: ConnectionId, secret: string): Promise<void>;
  delete(connection: ConnectionId): Promise<void>;
}

/** Connections, for admins. */
export interface Connections {
  readonly source: ConnectionSource;
  /** By id or name. Throws HoopError `not-found`. */
  get(idOrName: string): Connection;
  /** When each of them was made; what is not there any more is left out. */
  createdAt(ids: readonly ConnectionId[]): Promise<ReadonlyMap<ConnectionId, Date>>;
  /** `secret`: the password of the target's user; none: it asks for none. Throws HoopError `invalid`, `conflict`. */
  create(draft: ConnectionDraft, secret: string | null): Promise<Connection>;
  /**
   * What is left out stays, and so does the secret; a null secret removes it. Throws HoopError `precondition-failed`
   * when it is not at `version` any more.
   */
  edit(
    idOrName: string,
    change: Partial<ConnectionDraft>,
    options: { readonly version?: number | undefined; readonly secret?: string | null | undefined },
  ): Promise<{ readonly before: Connection; readonly after: Connection }>;
  remove(idOrName: string): Promise<Connection>;
  close(): void;
}

export interface ConnectionsOptions {
  readonly store: ConnectionStore;
  readonly protocols: ConnectionProtocols;
  readonly secrets: ConnectionSecrets;
  readonly log: { warn(fields: object, text: string): void; error(fields: object, text: string): void };
}

const retryMs = 250;

/** @example const connections = await createConnections({ store: createConnectionStore(store), protocols, secrets, log }); */
export async function createConnections({ store, protocols, secrets, log }: ConnectionsOptions): Promise<Connections> {
  let byName: ReadonlyMap<string, Connection> = new Map();
  let byId: ReadonlyMap<string, Connection> = new Map();
  const listeners = new Set<() => void>();
  let reading: Promise<void> | null = null;
  let again = false;
  let closed = false;

  async function load(): Promise<void> {
    const list = await store.list();
    byName = new Map(list.map((connection) => [connection.name, connection]));
    byId = new Map(list.map((connection) => [connection.id, connection]));
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        log.error({ err: error }, "a watcher of connections failed");
      }
    }
  }

  /** One reading at a time; a change during one asks for another. */
  function reload(): Promise<void> {
    again = true;
    reading ??= (async () => {
      try {
        while (again && !closed) {
          again = false;
          await load();
        }
      } finally {
        reading = null;
      }
    })();
    return reading;
  }

  function follow(): void {
    reload().catch((error: unknown) => {
      log.warn({ err: error }, "connections cannot be read; tried again");
      setTimeout(follow, retryMs).unref();
    });
  }

  const get = (idOrName: string): Connection => {
    const found = byId.get(idOrName) ?? byName.get(idOrName.toLowerCase());
    if (found !== undefined) return found;
    throw new HoopError("not-found", `no connection is named ${JSON.stringify(idOrName.slice(0, 63))}`, {
      hint: "hoop connections ls",
    });
  };

  await load();
  const stop = store.watch(follow);

  return {
    source: {
      byName: (name) => byName.get(name),
      list: () => [...byName.values()],
      watch(listener) {
        const own = () => listener();
        listeners.add(own);
        return () => listeners.delete(own);
      },
    },
    get,
    createdAt: (ids) => store.createdAt(ids),

    async create(draft, secret) {
      const connection: Connection = { id: connectionId(randomUUID()), version: 1, ...validated(draft, protocols) };
      if (byName.has(connection.name))
        throw new HoopError("conflict", `there is a connection ${connection.name} already`);
      if (secret !== null) await secrets.put(connection.id, secret);
      try {
        await store.create(connection);
      } catch (error) {
        if (secret !== null) await secrets.delete(connection.id).catch(() => {});
        throw error;
      }
      await reload();
      return connection;
    },

    async edit(idOrName, change, { version, secret }) {
      const id = get(idOrName).id;
      const before = await store.get(id);
      if (before === null) throw new HoopError("not-found", "this connection was removed meanwhile");
      const stale = () =>
        new HoopError("precondition-failed", `${before.name} was changed meanwhile`, {
          hint: "read it again, then repeat the change",
        });
      if (version !== undefined && version !== before.version) throw stale();
      const changed = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      // Another protocol has another schema and port: nothing of the old ones may linger.
      const fresh =
        change.protocol !== undefined && change.protocol !== before.protocol
          ? { target: undefined, port: undefined }
          : {};
      const draft: ConnectionDraft = { ...before, ...fresh, ...changed };
      const after: Connection = { ...validated(draft, protocols), id, version: before.version + 1 };
      // The secret was meant for the place that it was given for: for another one it must be said again.
      if (secret === undefined && !secretMayStay(before, after)) {
        throw new HoopError(
          "invalid",
          "the stored secret would go elsewhere, or be guarded less, and nothing proves the new place to be the old one",
          {
            hint: "give the secret again; it may stay where TLS is verify-full with the same authority and server name",
          },
        );
      }
      // First the secret: a session that opens in between must not take the old one to the new place.
      if (secret === null) await secrets.delete(id);
      else if (secret !== undefined) await secrets.put(id, secret);
      if (!(await store.replace(after))) throw stale();
      if (secret !== undefined) await store.touch(id);
      await reload();
      return { before, after: byId.get(id) ?? after };
    },

    async remove(idOrName) {
      const connection = get(idOrName);
      if (!(await store.remove(connection.id)))
        throw new HoopError("not-found", "this connection was removed meanwhile");
      await secrets.delete(connection.id);
      await reload();
      return connection;
    },

    close() {
      closed = true;
      stop();
    },
  };
}

/**
 * Whether a changed connection may keep its secret without anybody saying it again. Who may write connections has not
 * therefore the right to read secrets, and a target that an admin chooses can ask for a password in clear.
 */
function secretMayStay(before: Connection, after: Connection): boolean {
  // What comes from elsewhere was not given for this place in the first place: which references it may name is judged there.
  if (sourceOf(after) !== null) return true;
  // What was sealed before may have been meant for anywhere.
  if (sourceOf(before) !== null) return false;
  if (after.protocol !== before.protocol) return false;
  if (after.exposesCredentialToAgent && !before.exposesCredentialToAgent) return false;
  const proven = (one: Connection) => `${one.tls.serverName ?? one.host} ${one.tls.ca ?? ""}`;
  // Wherever it leads, only the holder of the same name's key answers there.
  if (before.tls.mode === "verify-full" && after.tls.mode === "verify-full") return proven(before) === proven(after);
  const moved = after.host !== before.host || after.port !== before.port || after.agent !== before.agent;
  return (
    !moved && strength(after) >= strength(before) && (strength(after) < proves || proven(before) === proven(after))
  );
}

const strengths = ["disable", "prefer", "require", "verify-ca", "verify-full"];
/** From here on a mode proves who answers. */
const proves = strengths.indexOf("verify-ca");
const strength = ({ tls }: Connection): number => strengths.indexOf(tls.mode);
