import type { Rights } from "../identity/index.js";
import type { LiveSession } from "../sessions/index.js";
import type { Connection } from "../vocabulary/index.js";
import type { Principal } from "./access.js";
import type { ApiDeps, RecordedSession, SessionsWithin } from "./deps.js";

/** Whose sessions somebody may look at who may not look at everybody's. */
export interface Reach {
  /** For lists; undefined: no limit, or none beside the caller's own. */
  within(principal: Principal): Promise<SessionsWithin | undefined>;
  reaches(
    rights: Rights,
    session: Pick<RecordedSession, "connection" | "startedAt">,
    permission: "sessions.read" | "sessions.reveal",
  ): Promise<boolean>;
  kills(rights: Rights, session: LiveSession): boolean;
}

/**
 * Recordings name their connection. A name can be given anew, so only what was recorded since the connection of that name is
 * there counts as recorded on it: nobody comes to another's recordings by taking the name of a removed connection.
 */
export function createReach({ connections }: Pick<ApiDeps, "connections">): Reach {
  return {
    async within({ subject, rights }) {
      if (rights.has("sessions.read") || !rights.hasSomewhere("sessions.read")) return undefined;
      const mine = connections.source.list().filter((one) => rights.hasOn("sessions.read", one));
      const since = await connections.createdAt(mine.map(({ id }) => id));
      return {
        own: subject.id,
        connections: mine.flatMap(({ id, name }) => {
          const created = since.get(id);
          return created === undefined ? [] : [{ name, since: created }];
        }),
      };
    },

    async reaches(rights, session, permission) {
      if (rights.has(permission)) return true;
      const connection = connections.source.byName(session.connection);
      if (connection === undefined || !rights.hasOn(permission, connection)) return false;
      const created = (await connections.createdAt([connection.id])).get(connection.id);
      return created !== undefined && session.startedAt >= created;
    },

    kills(rights, session) {
      if (rights.has("sessions.kill")) return true;
      const found: Connection | undefined = connections.source.list().find(({ id }) => id === session.connection.id);
      return found !== undefined && rights.hasOn("sessions.kill", found);
    },
  };
}
