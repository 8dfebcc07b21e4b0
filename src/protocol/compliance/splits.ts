import type { TranscriptEvent } from "./transcript.js";

/** The same events, cut differently. `label` says how, for the message of a failure. */
export interface Variant {
  readonly label: string;
  readonly events: readonly TranscriptEvent[];
}

/** Every way to cut `bytes` into two chunks that both hold something. */
export function* twoWaySplits(bytes: Buffer): Generator<readonly [Buffer, Buffer]> {
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
}

export function byteByByte(bytes: Buffer): readonly Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

/** Every variant of a recorded session: each chunk at each two-way split, all byte by byte, all neighbours joined. */
export function* variants(events: readonly TranscriptEvent[]): Generator<Variant> {
  yield { label: "byte by byte", events: events.flatMap((event) => cut(event, byteByByte)) };
  yield { label: "neighbours joined", events: joined(events) };
  for (const [index, event] of events.entries()) {
    if (event.kind !== "bytes") continue;
    for (const [head, tail] of twoWaySplits(event.bytes)) {
      const halves = [head, tail].map((bytes) => ({ ...event, bytes }));
      yield {
        label: `${event.from} chunk ${index} cut after byte ${head.length} of ${event.bytes.length}`,
        events: [...events.slice(0, index), ...halves, ...events.slice(index + 1)],
      };
    }
  }
}

function cut(event: TranscriptEvent, into: (bytes: Buffer) => readonly Buffer[]): readonly TranscriptEvent[] {
  return event.kind === "bytes" ? into(event.bytes).map((bytes) => ({ ...event, bytes })) : [event];
}

function joined(events: readonly TranscriptEvent[]): readonly TranscriptEvent[] {
  const out: TranscriptEvent[] = [];
  for (const event of events) {
    const last = out.at(-1);
    if (event.kind === "bytes" && last?.kind === "bytes" && last.from === event.from)
      out[out.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, event.bytes]) };
    else out.push(event);
  }
  return out;
}
