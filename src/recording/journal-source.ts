import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { HoopError } from "../vocabulary/index.js";
import type { ExportSource } from "./export.js";
import type { SignedHead } from "./head.js";
import { readFrame, recordTypes } from "./journal/frame.js";
import { decodeSegmentHead, isSegment, segmentHead } from "./journal/segment.js";
import { readLargePayload } from "./large-payload.js";
import type { StoredEntry } from "./store.js";

/**
 * A journal's folder as the source of an export, for when the store is lost. Only reads; the gateway should be stopped.
 * Holds one chain, perhaps without its first entries: verify it with `partial`.
 */
export function journalSource(folder: string): ExportSource {
  const paths = readdirSync(folder)
    .filter(isSegment)
    .sort()
    .map((name) => join(folder, name));
  const first = paths[0] === undefined ? null : decodeSegmentHead(readFileSync(paths[0]));
  if (first === null) throw new HoopError("not-found", `there is no journal in ${folder}`);

  function* records(type: number): Generator<Buffer> {
    for (const path of paths) {
      const bytes = readFileSync(path);
      for (let at = segmentHead; at < bytes.length; ) {
        const frame = readFrame(bytes, at);
        // What is torn or damaged ends the export; the verifier finds what is missing.
        if (typeof frame === "string") break;
        if (frame.type === type) yield frame.body;
        at = frame.end;
      }
    }
  }

  const entry = (body: Buffer, seq: number): StoredEntry => ({
    seq,
    hash: body.toString("hex", 0, 32),
    body: body.toString("utf8", 32),
  });
  // Entries are asked for in order, page by page: one walk serves them all.
  let places: ReadonlyMap<string, Place> | null = null;
  let walk: { next: number; readonly records: Generator<Buffer> } | null = null;
  return {
    async chains() {
      let count = first.before.seq;
      let last: Buffer | null = null;
      for (const body of records(recordTypes.entry)) {
        count += 1;
        last = body;
      }
      return last === null ? [] : [{ chain: first.chain, seq: count, hash: last.toString("hex", 0, 32) }];
    },
    async heads() {
      const heads: SignedHead[] = [];
      for (const body of records(recordTypes.head))
        heads.push({ signature: body.toString("base64", 0, 64), body: body.toString("utf8", 64) });
      return { heads, next: null };
    },
    async entries(_chain, after, limit) {
      if (walk === null || walk.next !== after + 1)
        walk = { next: first.before.seq + 1, records: records(recordTypes.entry) };
      const found: StoredEntry[] = [];
      while (found.length < limit) {
        const { value, done } = walk.records.next();
        if (done) break;
        const seq = walk.next++;
        if (seq > after) found.push(entry(value, seq));
      }
      return found;
    },
    async payload(hash) {
      places ??= placesOfPayloads(paths);
      const place = places.get(hash);
      if (place === undefined) return null;
      const body = readRecord(place);
      const bytes = Number(body.readBigUInt64BE(32));
      if (!place.aside) return { sealed: body.subarray(40), chunks: [], bytes };
      const { head, chunks } = await readLargePayload(join(folder, "aside", hash));
      const all: Uint8Array[] = [];
      for await (const chunk of chunks) all.push(chunk);
      return { sealed: head, chunks: all, bytes };
    },
  };
}

interface Place {
  readonly path: string;
  readonly at: number;
  readonly length: number;
  readonly aside: boolean;
}

/** Where each payload's record lies; made once, when the first is asked for. */
function placesOfPayloads(paths: readonly string[]): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const path of paths) {
    const bytes = readFileSync(path);
    for (let at = segmentHead; at < bytes.length; ) {
      const frame = readFrame(bytes, at);
      if (typeof frame === "string") break;
      if (frame.type === recordTypes.payload || frame.type === recordTypes.aside) {
        const length = frame.body.length;
        places.set(frame.body.toString("hex", 0, 32), {
          path,
          at: frame.end - length,
          length,
          aside: frame.type === recordTypes.aside,
        });
      }
      at = frame.end;
    }
  }
  return places;
}

function readRecord({ path, at, length }: Place): Buffer {
  const body = Buffer.alloc(length);
  const fd = openSync(path, "r");
  try {
    readSync(fd, body, 0, length, at);
  } finally {
    closeSync(fd);
  }
  return body;
}
