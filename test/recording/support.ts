import { createSecretKey, generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HeadSigner, RecordingKeys } from "../../src/recording/keys.js";
import type { EntryDraft, Recorder } from "../../src/recording/recorder.js";
import { type Analysis, type HoopError, type SessionId, sessionId, statementId } from "../../src/vocabulary/index.js";

/** What tests of this room share: keys, folders, drafts. */
export function testKeys(): { readonly keys: RecordingKeys & { rotate(): void }; readonly signer: HeadSigner } {
  const all = new Map([[randomUUID() as string, createSecretKey(randomBytes(32))]]);
  let current = [...all.keys()][0]!;
  const pair = generateKeyPairSync("ed25519");
  return {
    keys: {
      current: () => ({ id: current, key: all.get(current)! }),
      byId: async (id) => {
        const key = all.get(id);
        if (key === undefined) throw new Error(`no key ${id}`);
        return key;
      },
      rotate() {
        current = randomUUID();
        all.set(current, createSecretKey(randomBytes(32)));
      },
    },
    signer: {
      publicKey: pair.publicKey.export({ format: "pem", type: "spki" }).toString(),
      sign: (bytes) => sign(null, bytes, pair.privateKey),
    },
  };
}

export const testFolder = () => mkdtempSync(join(tmpdir(), "hoop-recording-"));

export const alice = { subject: "7a0b8a53-29c3-4b0c-9d53-0e8d9c4b9d11", name: "alice@example.test" };

const analysis: Analysis = {
  shape: "select * from customers where id = $1",
  effects: ["read"],
  resources: [{ kind: "relation", name: "public.customers", access: "read" }],
  attributes: {},
  unknowns: [],
};

export const newSession = (): SessionId => sessionId(randomUUID());

type StatementDraft = Extract<EntryDraft, { kind: "statement" }>;

export function statementDraft(session: SessionId, n: number, more: Partial<StatementDraft> = {}): StatementDraft {
  return {
    kind: "statement",
    session,
    statement: statementId(session, n),
    actor: alice,
    connection: "pg-demo",
    phase: "statement",
    purpose: "forward",
    outcome: "allow",
    reasons: [{ rule: null, code: "allowed", text: "engineers may read" }],
    policyVersion: "1",
    text: `select * from customers where id = ${n}`,
    values: null,
    shown: "select * from customers where id = $1",
    analysis,
    ...more,
  };
}

export const openedDraft = (session: SessionId): EntryDraft => ({
  kind: "session-opened",
  session,
  actor: alice,
  connection: "pg-demo",
  protocol: "postgres",
  from: "127.0.0.1",
  reasons: [],
});

export const closedDraft = (session: SessionId, statements: number): EntryDraft => ({
  kind: "session-closed",
  session,
  reason: { code: "client-closed", text: "the client ended it" },
  bytesIn: 1,
  bytesOut: 2,
  statements,
  durationMs: 3,
});

/** Appends and waits for the answer. */
export function appended(recorder: Recorder, draft: EntryDraft): Promise<HoopError | null> {
  return new Promise((resolve) => recorder.append(draft, resolve));
}
