import { chainId } from "../vocabulary/index.js";
import { payloadsOf } from "./entry.js";
import type { RecordingKeys } from "./keys.js";
import { lineText } from "./line-text.js";
import { openPayload } from "./open-payload.js";
import type { RecordingStore } from "./store.js";

/** One line of an export; see docs/audit.md. */
export type ExportLine =
  | { readonly type: "export"; readonly version: 1; readonly time: number }
  | { readonly type: "head"; readonly body: string; readonly signature: string }
  | {
      readonly type: "entry";
      readonly chain: string;
      readonly seq: number;
      readonly hash: string;
      readonly body: string;
    }
  | { readonly type: "payload"; readonly payload: string; readonly salt: string; readonly content: string }
  | { readonly type: "end"; readonly entries: number; readonly chains: readonly string[] };

/** What an export is made of: the store, or a journal's folder. */
export type ExportSource = Pick<RecordingStore, "chains" | "heads" | "entries" | "payload">;

export interface ExportOptions {
  /** Adds each entry's payloads opened, where retention left them. */
  readonly payloads?: Pick<RecordingKeys, "byId"> | undefined;
  readonly now?: number | undefined;
}

/** Stores keep entries in blocks; small pages would open each block several times. */
const page = 5_000;

/** The whole recording as lines of JSON, each with its line feed: all heads, then chain by chain all entries in order. */
export async function* exportRecording(store: ExportSource, options: ExportOptions = {}): AsyncGenerator<string> {
  yield line({ type: "export", version: 1, time: options.now ?? Date.now() });
  for (let mark: string | null = null; ; ) {
    const { heads, next } = await store.heads(mark, page);
    for (const head of heads) yield line({ type: "head", ...head });
    if (next === null) break;
    mark = next;
  }
  let count = 0;
  // Asked after the heads were read: a head never names a chain that began after the list was made.
  const chains = (await store.chains()).map((point) => chainId(point.chain));
  for (const chain of chains) {
    for (let after = 0; ; ) {
      const entries = await store.entries(chain, after, page);
      for (const { seq, hash, body } of entries) {
        yield line({ type: "entry", chain, seq, hash, body });
        count += 1;
        if (options.payloads !== undefined)
          for (const payload of payloadsOf(body))
            yield* exportPayload(store, options.payloads, payload, { chain, seq });
      }
      if (entries.length < page) break;
      after = entries.at(-1)!.seq;
    }
  }
  yield line({ type: "end", entries: count, chains });
}

async function* exportPayload(
  store: ExportSource,
  keys: Pick<RecordingKeys, "byId">,
  hash: string,
  entry: { readonly chain: string; readonly seq: number },
): AsyncGenerator<string> {
  const stored = await store.payload(hash, entry);
  if (stored === null) return;
  const { salt, content } = await openPayload(keys, hash, stored.sealed, stored.chunks);
  yield line({ type: "payload", payload: hash, salt: salt.toString("base64"), content: content.toString("base64") });
}

const line = (value: ExportLine) => `${lineText(value)}\n`;
