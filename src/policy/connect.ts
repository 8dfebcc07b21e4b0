import type { Analysis, Connection } from "../vocabulary/index.js";

const made = new WeakSet<Analysis>();
const cached = new WeakMap<Connection, Analysis>();

/**
 * What opening a connection is, as a statement: its effect is `connect`. Access documents that match subject, connection
 * and time allow it, whatever effects they list; guards see it like any other statement.
 */
export function connectAnalysis(connection: Connection): Analysis {
  let analysis = cached.get(connection);
  if (!analysis) {
    analysis = Object.freeze({
      shape: "connect",
      effects: Object.freeze(["connect"] as const),
      resources: Object.freeze([{ kind: "host", name: connection.host, access: "execute" } as const]),
      attributes: Object.freeze({ protocol: connection.protocol }),
      unknowns: Object.freeze([]),
    });
    made.add(analysis);
    cached.set(connection, analysis);
  }
  return analysis;
}

/** Only what `connectAnalysis` made counts: a statement that happens to reach another host is not a way in. */
export function isConnect(analysis: Analysis): boolean {
  return made.has(analysis);
}
