import { deadline, HoopError, type SessionId } from "../vocabulary/index.js";
import { readBodies } from "./analyses.js";
import type { EntryBody, PayloadRef } from "./entry.js";
import { type ExportOptions, exportRecording } from "./export.js";
import type { Feeder } from "./feeder.js";
import type { HeadBody, SignedHead } from "./head.js";
import type { HeadSource } from "./head-publisher.js";
import type { HeadSigner, RecordingKeys } from "./keys.js";
import { openPayload } from "./open-payload.js";
import type { Actor, Recorder } from "./recorder.js";
import type { PageMark, RecordingStore, SessionFilter, SessionSummary, StoredEntry } from "./store.js";
import { decodeValues } from "./values.js";
import { verifyExport } from "./verify.js";

/** An entry as people and programs read it; sealed parts are references. */
export interface AuditEntry {
  readonly seq: number;
  readonly hash: string;
  readonly entry: EntryBody;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** To be given back for the next page; null: there is none. */
  readonly next: PageMark;
}

/** A sealed part of an entry, opened. */
export type Revealed =
  | { readonly part: "text" | "error"; readonly text: string }
  | { readonly part: "values"; readonly values: readonly (Buffer | null)[] };

export interface AuditServiceOptions {
  readonly store: RecordingStore;
  /** Whoever looks into a sealed part is recorded first. Before an export it signs where its chain stands. */
  readonly recorder: Recorder & HeadSource;
  /** Brings what is journalled into the store before an export; not needed where the recorder commits to the store. */
  readonly feeder?: Pick<Feeder, "drain"> | undefined;
  readonly signer: Pick<HeadSigner, "publicKey">;
  /** Opens sealed parts; without them `reveal` refuses. */
  readonly keys?: Pick<RecordingKeys, "byId"> | undefined;
}

/** A chain's newest signed head; a line of it as JSON is a line of a heads file. */
export interface AuditHead extends SignedHead {
  readonly type: "head";
  readonly chain: string;
  readonly seq: number;
  readonly time: number;
}

export interface VerifySummary {
  readonly ok: boolean;
  readonly entries: number;
  readonly chains: number;
  readonly problems: readonly string[];
}

export interface AuditService {
  sessions(filter: SessionFilter, mark: PageMark, limit: number): Promise<Page<SessionSummary>>;
  entries(session: SessionId, mark: PageMark, limit: number): Promise<Page<AuditEntry>>;
  /** Administrative acts, warnings and gaps, newest first. */
  changes(mark: PageMark, limit: number): Promise<Page<AuditEntry>>;
  /**
   * Opens a sealed part of one entry of a session. `allow` decides, and throws where it is refused; what is allowed is in
   * the journal before anything is opened. Throws HoopError `not-found` where there is nothing, or retention deleted it.
   */
  reveal(request: RevealRequest, allow: () => void | Promise<void>): Promise<Revealed>;
  /** PEM of the key that signs heads: what a verifier pins. */
  publicKey(): string;
  /** The newest head of every chain. */
  heads(): Promise<readonly (AuditHead & Readonly<Record<string, unknown>>)[]>;
  /** Lines for `hoop audit verify`, each with its line feed; see docs/audit.md. Ends early when `signal` aborts. */
  export(signal?: AbortSignal, options?: ExportOptions): AsyncGenerator<string>;
  /** The gateway's own word on its store; proof is an export that is verified elsewhere. */
  verify(signal: AbortSignal): Promise<VerifySummary>;
  /**
   * Deletes sealed parts recorded before then, in batches of which each is a transaction; entries and their chain stay. Returns
   * how many. Ends after a batch when `signal` aborts.
   */
  deletePayloads(before: Date, signal?: AbortSignal): Promise<number>;
}

export interface RevealRequest {
  readonly session: SessionId;
  readonly seq: number;
  readonly part: "text" | "values" | "error";
  readonly by: Actor;
  /** Why, in the words of who asks. */
  readonly because: string;
}

const maxPage = 1_000;
/** Blocks of a megabyte and more: one batch is done well within the time that the store gives a statement. */
const deleteBatch = 200;

/** What API, CLI and console read of recordings. */
export function createAuditService(options: AuditServiceOptions): AuditService {
  const { store } = options;
  const limited = (limit: number) => Math.min(Math.max(1, Math.trunc(limit)), maxPage);
  const auditEntries = async (stored: readonly StoredEntry[]): Promise<readonly AuditEntry[]> => {
    const bodies = await readBodies(store, stored);
    return stored.map(({ seq, hash }, at) => ({ seq, hash, entry: bodies[at]! }));
  };
  async function* exported(signal?: AbortSignal, exportOptions?: ExportOptions): AsyncGenerator<string> {
    await settle(options);
    for await (const line of exportRecording(store, exportOptions)) {
      signal?.throwIfAborted();
      yield line;
    }
  }
  return {
    async sessions(filter, mark, limit) {
      const { sessions, next } = await store.sessions(filter, mark, limited(limit));
      return { items: sessions, next };
    },
    async entries(session, mark, limit) {
      const { entries, next } = await store.sessionEntries(session, mark, limited(limit));
      return { items: await auditEntries(entries), next };
    },
    async changes(mark, limit) {
      const { entries, next } = await store.changes(mark, limited(limit));
      return { items: await auditEntries(entries), next };
    },
    async reveal(request, allow) {
      const entry = await findEntry(store, request.session, request.seq);
      if (options.keys === undefined) throw new HoopError("unsupported", "sealed parts are not opened here");
      const ref = referenceOf(entry, request.part);
      if (ref === null) throw new HoopError("not-found", `entry ${request.seq} has no sealed ${request.part}`);
      await allow();
      await recorded(options.recorder, request, ref);
      const stored = await store.payload(ref.payload, entry);
      if (stored === null)
        throw new HoopError("not-found", `the ${request.part} of entry ${request.seq} was deleted by retention`);
      const { content } = await openPayload(options.keys, ref.payload, stored.sealed, stored.chunks);
      return request.part === "values"
        ? { part: "values", values: decodeValues(content) }
        : { part: request.part, text: content.toString("utf8") };
    },
    publicKey: () => options.signer.publicKey,
    async heads() {
      // Who keeps them elsewhere wants all that is recorded by now under them, not what was signed a minute ago.
      await settle(options);
      return (await store.newestHeads()).map((head) => {
        const { chain, seq, time } = JSON.parse(head.body) as HeadBody;
        return { type: "head", chain, seq, time, ...head } as const;
      });
    },
    export: exported,
    async verify(signal) {
      const report = await verifyExport(exported(signal), { publicKey: options.signer.publicKey });
      return {
        ok: report.ok,
        entries: report.entries,
        chains: report.chains.length,
        problems: report.fault === null ? [] : [report.fault.text],
      };
    },
    async deletePayloads(before, signal) {
      let deleted = 0;
      for (;;) {
        const some = await store.deletePayloads(before, deleteBatch);
        deleted += some;
        if (some < deleteBatch || signal?.aborted === true) return deleted;
      }
    },
  };
}

const settleMs = 10_000;

/** What is recorded by now is signed and in the store; a store that lags still gives what it has. */
async function settle({ store, recorder, feeder }: AuditServiceOptions): Promise<void> {
  if (recorder.healthy()) recorder.signHead(await store.chains());
  await recorder.flush().catch(() => {});
  await feeder?.drain(deadline(settleMs)).catch(() => {});
}

async function findEntry(store: RecordingStore, session: SessionId, seq: number): Promise<EntryBody> {
  for (let mark: PageMark = null; ; ) {
    const { entries, next } = await store.sessionEntries(session, mark, maxPage);
    const found = entries.find((entry) => entry.seq === seq);
    if (found !== undefined) return JSON.parse(found.body) as EntryBody;
    if (next === null) throw new HoopError("not-found", `session ${session} has no entry ${seq}`);
    mark = next;
  }
}

function referenceOf(entry: EntryBody, part: RevealRequest["part"]): PayloadRef | null {
  const value = part === "error" ? (entry["error"] as { readonly text?: unknown } | undefined)?.text : entry[part];
  return typeof value === "object" && value !== null && "payload" in value ? (value as PayloadRef) : null;
}

function recorded(recorder: Recorder, request: RevealRequest, ref: PayloadRef): Promise<void> {
  return new Promise((resolve, reject) => {
    recorder.append(
      {
        kind: "change",
        actor: request.by,
        what: "payload-revealed",
        target: `${request.session} entry ${request.seq} ${request.part}`,
        before: null,
        after: { payload: ref.payload, because: request.because },
      },
      (error) => (error === null ? resolve() : reject(error)),
    );
  });
}
