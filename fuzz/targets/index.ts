import type { FuzzTarget } from "../target.js";
import { auditExport } from "./audit-export.js";
import { dns } from "./dns.js";
import { echoSession } from "./echo-session.js";
import { grpcFrames } from "./grpc-frames.js";
import { grpcMessages } from "./grpc-messages.js";
import { hpack } from "./hpack.js";
import { http2Connection } from "./http2-connection.js";
import { journal } from "./journal.js";
import { policyDocuments } from "./policy-documents.js";
import { postgresFrames } from "./postgres-frames.js";
import { postgresMessages } from "./postgres-messages.js";
import { postgresSession } from "./postgres-session.js";
import { recordingBlocks } from "./recording-blocks.js";
import { sqlAnalysis } from "./sql-analysis.js";
import { sqlLexer } from "./sql-lexer.js";
import { sshConnection } from "./ssh-connection.js";
import { sshShell } from "./ssh-shell.js";
import { transcript } from "./transcript.js";
import { wireReader } from "./wire-reader.js";

/** Everything that reads what somebody else wrote. */
export const targets: readonly FuzzTarget[] = [
  wireReader,
  grpcFrames,
  grpcMessages,
  hpack,
  http2Connection,
  postgresFrames,
  postgresMessages,
  postgresSession,
  sqlLexer,
  sqlAnalysis,
  policyDocuments,
  dns,
  journal,
  auditExport,
  recordingBlocks,
  transcript,
  echoSession,
  sshConnection,
  sshShell,
];
