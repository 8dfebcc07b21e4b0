import type { ScreenHit, ScreensPort, WatchEvent } from "../../api/screens-port.js";
import type { RecordingKeys } from "../../recording/keys.js";
import { ScreenReader } from "../../recording/screen/screen-reader.js";
import { followSession, type ScreenPiece } from "../../recording/screen/screen-source.js";
import { ScreenText } from "../../recording/screen/screen-text.js";
import type { RecordingStore } from "../../recording/store.js";
import type { OpenSessions } from "../../relay/open-sessions.js";
import { HoopError, type SessionId, sessionId } from "../../vocabulary/index.js";
import { createHideValues } from "./hide-values.js";
import { type IndexedSession, ScreenIndex } from "./screen-index.js";

export interface ScreensParts {
  readonly store: RecordingStore;
  readonly keys: Pick<RecordingKeys, "byId">;
  readonly open: Pick<OpenSessions, "get">;
  /** What is in the journal is in the store. */
  freshly(): Promise<void>;
}

const pollMs = 300;
/** Told to the session each time it is looked at. */
const watchedMs = 5_000;
const aliveMs = 2_000;
/** One search: sessions that are opened, and time; the rest is the next page's. */
const searchSessions = 200;
const searchMs = 4_000;
const maxHits = 200;

/** What terminals showed: played, watched and searched. Values that identify people are masked in all of it; what is sealed stays as it is. */
export function createScreens({ store, keys, open, freshly }: ScreensParts): ScreensPort {
  const hide = createHideValues();
  const index = new ScreenIndex();

  async function* pieces(session: SessionId): AsyncGenerator<ScreenPiece> {
    const follower = followSession({ store, keys }, session);
    for (let some = await follower.next(); some.length > 0; some = await follower.next())
      for (const entry of some) {
        const piece = follower.piece(entry);
        if (piece) yield piece;
      }
  }

  async function read(session: SessionId, ended: boolean): Promise<IndexedSession> {
    const known = index.get(session);
    if (known) return known;
    const texts = new Map<number, { readonly text: ScreenText; readonly began: number }>();
    try {
      for await (const piece of pieces(session)) {
        const cast = await piece.open();
        if (cast === null) continue;
        let one = texts.get(piece.terminal);
        if (!one) {
          if (texts.size >= 64) continue;
          one = { text: new ScreenText(), began: piece.time };
          texts.set(piece.terminal, one);
        }
        await one.text.add(cast);
      }
      const made = [...texts].map(([terminal, { text }]) => ({ terminal, lines: text.lines() }));
      // A session that is open still shows more.
      if (ended) index.put(session, made);
      return made;
    } finally {
      for (const { text } of texts.values()) text.close();
    }
  }

  return {
    async *play(id, terminal, signal) {
      await freshly();
      const reader = new ScreenReader(hide);
      try {
        for await (const piece of pieces(sessionId(id))) {
          if (signal.aborted) return;
          if (piece.terminal !== terminal) continue;
          const cast = await piece.open();
          if (cast !== null) yield* reader.read(cast);
        }
      } finally {
        reader.close();
      }
    },

    async terminals(id) {
      await freshly();
      const found = new Map<number, { terminal: number; pieces: number; from: number; until: number }>();
      for await (const { terminal, time } of pieces(sessionId(id))) {
        const one = found.get(terminal) ?? { terminal, pieces: 0, from: time, until: time };
        found.set(terminal, { ...one, pieces: one.pieces + 1, until: time });
      }
      return [...found.values()];
    },

    async *watch(id, signal) {
      const session = sessionId(id);
      const follower = followSession({ store, keys }, session);
      const readers = new Map<number, ScreenReader>();
      let said = Date.now();
      try {
        while (!signal.aborted) {
          open.get(session)?.order({ kind: "watched", until: Date.now() + watchedMs });
          await freshly();
          const some = await follower.next();
          for (const entry of some) {
            const piece = follower.piece(entry);
            if (piece) {
              let reader = readers.get(piece.terminal);
              if (!reader) {
                reader = new ScreenReader(hide);
                readers.set(piece.terminal, reader);
              }
              const cast = await piece.open();
              if (cast !== null)
                for await (const frame of reader.read(cast))
                  yield { kind: "frame", terminal: piece.terminal, frame } satisfies WatchEvent;
            } else yield { kind: "entry", entry } satisfies WatchEvent;
            if (signal.aborted) return;
            said = Date.now();
            if (entry.kind === "session-closed") return;
          }
          if (Date.now() - said > aliveMs) {
            said = Date.now();
            yield { kind: "alive" } satisfies WatchEvent;
          }
          if (some.length === 0) await pause(pollMs, signal);
        }
      } finally {
        for (const reader of readers.values()) reader.close();
      }
    },

    async search({ text, subject, within, connection, after, may }) {
      await freshly();
      const wanted = text.toLowerCase();
      if (wanted.trim().length < 2) throw new HoopError("invalid", "search for at least two characters");
      const hits: ScreenHit[] = [];
      const until = Date.now() + searchMs;
      let mark = after;
      for (let looked = 0; looked < searchSessions && Date.now() < until && hits.length < maxHits; ) {
        const page = await store.sessions({ subject, within, connection }, mark, 20);
        for (const one of page.sessions) {
          looked++;
          const summary = { id: one.session, connection: one.connection, startedAt: one.started };
          if (one.protocol !== "ssh" || one.refused || !(await may(summary))) continue;
          for (const { terminal, lines } of await read(sessionId(one.session), one.ended !== null))
            for (const line of lines)
              if (hits.length < maxHits && line.text.toLowerCase().includes(wanted))
                hits.push({ ...summary, name: one.name, terminal, at: line.at, line: hide(line.text) });
        }
        mark = page.next;
        if (mark === null) break;
      }
      return { items: hits, next: mark };
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
