import type { SessionId } from "../../vocabulary/index.js";
import type { EntryBody, PayloadRef } from "../entry.js";
import type { RecordingKeys } from "../keys.js";
import { openPayload } from "../open-payload.js";
import type { PageMark, RecordingStore } from "../store.js";

/** A piece of what a terminal showed, still sealed. */
export interface ScreenPiece {
  readonly terminal: number;
  readonly part: number;
  /** Milliseconds since the epoch, when it was written. */
  readonly time: number;
  readonly seq: number;
  /** Lines of asciicast v2; null: retention deleted it. Whoever calls has written down who looks. */
  open(): Promise<string | null>;
}

/** Entries of one session as they come, and what is sealed in its screens. */
export interface SessionFollower {
  /** What is new since the last call, in order; at most a page. */
  next(): Promise<readonly EntryBody[]>;
  piece(entry: EntryBody): ScreenPiece | null;
}

const pageSize = 500;

/** Reads a session's entries from the first one on, and goes on where it stopped when more have come. */
export function followSession(
  { store, keys }: { readonly store: RecordingStore; readonly keys: Pick<RecordingKeys, "byId"> },
  session: SessionId,
): SessionFollower {
  let mark: PageMark = null;
  /** Behind the mark, and told already. */
  let told = 0;
  return {
    async next() {
      const { entries, next } = await store.sessionEntries(session, mark, pageSize);
      const fresh = entries.slice(told);
      told = next === null ? entries.length : 0;
      if (next !== null) mark = next;
      return fresh.map(({ body }) => JSON.parse(body) as EntryBody);
    },
    piece(entry) {
      const { kind, terminal, part, text, seq, time } = entry;
      const payload = payloadOf(text);
      if (kind !== "screen" || typeof terminal !== "number" || typeof part !== "number" || payload === null)
        return null;
      return {
        ...{ terminal, part, seq, time },
        async open() {
          const stored = await store.payload(payload, entry);
          if (stored === null) return null;
          return (await openPayload(keys, payload, stored.sealed, stored.chunks)).content.toString("utf8");
        },
      };
    },
  };
}

function payloadOf(value: unknown): string | null {
  const { payload } = (typeof value === "object" && value !== null ? value : {}) as Partial<PayloadRef>;
  return typeof payload === "string" ? payload : null;
}
