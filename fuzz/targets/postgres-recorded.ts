import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseTranscript, type Transcript } from "../../src/protocol/compliance/transcript.js";
import type { Side } from "../../src/protocol/index.js";

const folder = join("src", "protocols", "postgres", "transcripts");

/** The recorded sessions of real clients. */
export const postgresTranscripts: readonly Transcript[] = readdirSync(folder)
  .filter((name) => name.endsWith(".txt"))
  .sort()
  .map((name) => parseTranscript(name, readFileSync(join(folder, name), "utf8")));

/** What one side said behind the login, one chunk a session. */
export function recorded(from: Side): readonly Buffer[] {
  return postgresTranscripts.flatMap(({ events }) => {
    const ready = events.findIndex((event) => event.kind === "ready");
    if (ready < 0) return [];
    const chunks = events
      .slice(ready)
      .flatMap((event) => (event.kind === "bytes" && event.from === from ? [event.bytes] : []));
    return [Buffer.concat(chunks)];
  });
}

/** Typed frames by their lengths; what follows the last whole one is left out. */
export function framesOf(bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    if (end <= at || end > bytes.length) break;
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}
