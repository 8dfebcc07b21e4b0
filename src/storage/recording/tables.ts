import type { Kysely, Transaction } from "kysely";

export type RecordingTables = {
  recording_chains: { chain: string; seq: string; hash: Buffer };
  recording_blocks: { chain: string; first: string; last: string; at: Date; body: Buffer };
  recording_session_blocks: { session: string; chain: string; first: string };
  recording_changes: { at: Date; chain: string; seq: string };
  recording_analyses: { hash: Buffer; body: string };
  recording_sealed_blocks: { chain: string; first: string; last: string; at: Date; payloads: number; body: Buffer };
  recording_payloads: { hash: Buffer; at: Date; bytes: string; sealed: Buffer; chunks: number };
  recording_payload_chunks: { hash: Buffer; n: number; sealed: Buffer };
  recording_heads: { id: string; chain: string; seq: string; at: Date; body: string; signature: string };
  recording_sessions: {
    session: string;
    subject: string;
    name: string;
    connection: string;
    protocol: string;
    from_address: string;
    refused: boolean;
    started_at: Date;
    ended_at: Date | null;
    end_reason: string | null;
    statements: string;
    allowed: string;
    denied: string;
    held: string;
    challenged: string;
  };
};

export type Db = Kysely<RecordingTables>;
export type Trx = Transaction<RecordingTables>;
