import { createPostgresSession } from "../../src/protocols/postgres/session/session.js";
import { postgresDialect } from "../../test/support/postgres-dialect.js";
import { framesOf, postgresTranscripts } from "./postgres-recorded.js";
import { sessionTarget } from "./session.js";

/** PostgreSQL sessions: what clients, targets and the gate do, in any order. */
export const postgresSession = sessionTarget(
  "postgres-session",
  createPostgresSession,
  postgresDialect,
  postgresTranscripts,
  framesOf,
);
