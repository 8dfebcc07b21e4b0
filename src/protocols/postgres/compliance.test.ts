import { postgresDialect } from "../../../test/support/postgres-dialect.js";
import { protocolCompliance, readTranscripts } from "../../protocol/compliance/index.js";
import { createPostgresSession } from "./index.js";

protocolCompliance("postgres", createPostgresSession, {
  ...postgresDialect,
  transcripts: readTranscripts(import.meta.url, "./transcripts"),
  denied: "drop table users",
  allowed: "select 1",
  skip: [],
});
