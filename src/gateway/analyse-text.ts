import type { ApiDeps } from "../api/index.js";
import type { Catalogues } from "../relay/context.js";
import type { SqlAnalyser } from "../sql/index.js";
import { type Catalogue, HoopError } from "../vocabulary/index.js";

/** Reads a statement's text as the gate would, in the connection's default role and settings; nothing of it is sent. */
export function textAnalyser(parts: {
  readonly catalogues: Pick<Catalogues, "read">;
  readonly analyser: SqlAnalyser;
}): ApiDeps["analyse"] {
  return async (connection, text, database, signal) => {
    const name = database ?? String(connection.target.database ?? connection.target.user ?? "");
    const catalogue = await new Promise<Catalogue | HoopError>((resolve) =>
      parts.catalogues.read(connection, name, "simulation", resolve),
    );
    signal.throwIfAborted();
    if (catalogue instanceof HoopError) throw catalogue;
    const context = { database: name, role: catalogue.role, searchPath: null, settings: {}, prepared: null };
    return new Promise((resolve) => parts.analyser.analyse(text, context, catalogue, resolve));
  };
}
