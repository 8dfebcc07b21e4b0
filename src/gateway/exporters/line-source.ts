import type { EventLog, HoopEvent } from "../../events/index.js";
import type { ExportCursor, Line, LineSource } from "../../exporters/index.js";
import type { RecordingStore, StoredEntry } from "../../recording/index.js";

/** Bytes of lines that are read at once, about: a few entries may be as large as many. */
const enough = 8 * 1024 * 1024;

/** Events from their log, entries from the recordings' store: what is sealed there leaves as its reference only. */
export function createLineSource(events: EventLog, recordings: Pick<RecordingStore, "chains" | "entries">): LineSource {
  async function eventLines(after: number, limit: number) {
    const oldest = await events.oldest();
    // Deleted before they were delivered: said, and passed over.
    const lost = Math.max(0, oldest - 1 - after);
    if (lost > 0) return { lost, lines: [], position: after + lost };
    const found = await events.after(after, limit);
    return { lost, lines: found.map(eventLine), position: found.at(-1)?.position ?? after };
  }

  return {
    async read(sources, cursor, limit) {
      const lines: Line[] = [];
      let next: ExportCursor = cursor;
      if (sources.includes("events")) {
        const found = await eventLines(cursor.events ?? (await events.newest()), Math.ceil(limit / 2));
        next = { ...next, events: found.position };
        // Said once: the cursor goes past it by itself, whatever becomes of the lines.
        if (found.lost > 0) return { lines, cursor: next, lost: found.lost };
        lines.push(...found.lines);
      }
      if (!sources.includes("entries")) return { lines, cursor: next, lost: 0 };
      let bytes = 0;
      for (const { chain, seq } of await recordings.chains()) {
        const after = next.entries[chain] ?? 0;
        if (seq <= after || lines.length >= limit || bytes >= enough) continue;
        let last = after;
        for (const entry of await recordings.entries(chain as never, after, limit - lines.length)) {
          lines.push(entryLine(chain, entry));
          bytes += entry.body.length;
          last = entry.seq;
          if (bytes >= enough) break;
        }
        next = { ...next, entries: { ...next.entries, [chain]: last } };
      }
      return { lines, cursor: next, lost: 0 };
    },

    async newest() {
      const [position, chains] = await Promise.all([events.newest(), recordings.chains()]);
      return { events: position, entries: Object.fromEntries(chains.map(({ chain, seq }) => [chain, seq])) };
    },

    async lag(sources, cursor) {
      let lag = 0;
      if (sources.includes("events") && cursor.events !== null)
        lag += Math.max(0, (await events.newest()) - cursor.events);
      if (sources.includes("entries"))
        for (const { chain, seq } of await recordings.chains()) lag += Math.max(0, seq - (cursor.entries[chain] ?? 0));
      return lag;
    },
  };
}

const grave =
  /^(statement\.denied|session\.(refused|killed)|login\.failed|budget\.|review\.(denied|expired)|agent\.down|connection\.|rule\.|user\.)/;

function eventLine(event: HoopEvent): Line {
  const { id, type, at } = event;
  const severity = /^(gateway\.degraded|exporter\.lost|break-glass|review\.break-glass)/.test(type)
    ? "error"
    : grave.test(type)
      ? "warning"
      : "notice";
  return { source: "events", id, time: at, type, severity, json: JSON.stringify({ source: "events", ...event }) };
}

const beginning =
  /^\{"v":1,"chain":"[0-9a-f-]{36}","seq":\d+,"prev":"[0-9a-f]{64}","time":(\d+),"kind":"([a-z-]{1,32})"(?:,"session":"[0-9a-f-]{36}")?(?:,"outcome":"([a-z]+)")?/;

function entryLine(chain: string, { seq, hash, body }: StoredEntry): Line {
  const [, time = "0", type = "entry", outcome] = beginning.exec(body) ?? [];
  const severity = outcome === "deny" || type === "session-refused" ? "warning" : type === "gap" ? "error" : "info";
  const id = `${chain}:${seq}`;
  // The body as it is: its hash is over these very bytes.
  return {
    source: "entries",
    id,
    time: Number(time),
    type,
    severity,
    json: `{"source":"entries","id":"${id}","hash":"${hash}","entry":${body}}`,
  };
}
