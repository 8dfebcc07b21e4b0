import type { ExportSource } from "./target.js";

/** One event or entry on its way out, or a part of one. */
export interface Line {
  readonly source: ExportSource;
  /** The same however often it is sent: receivers tell doubles by it. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** `statement.denied`, or an entry's kind. */
  readonly type: string;
  readonly severity: "info" | "notice" | "warning" | "error";
  /** One line of JSON, whole. */
  readonly json: string;
  /** Absent: it is whole. */
  readonly part?: { readonly index: number; readonly count: number } | undefined;
}

/** Room that a part's own frame takes. */
const frame = 400;

/**
 * The line, or its parts where its JSON is longer than `maxBytes`: nothing is cut off. A part is JSON of its own, with the piece of
 * the whole line as a text in `data`; put together in their order they are the line again, byte for byte.
 */
export function linesWithin(line: Line, maxBytes: number): readonly Line[] {
  if (Buffer.byteLength(line.json) <= maxBytes) return [line];
  const pieces = piecesOf(line.json, Math.max(64, maxBytes - frame - Buffer.byteLength(line.id)));
  return pieces.map((data, index) => {
    const part = { index, count: pieces.length };
    const { source, id, time, type } = line;
    return { ...line, part, json: JSON.stringify({ source, id, time, type, part, data }) };
  });
}

/** Pieces whose JSON text is at most so many bytes each; never between the halves of a surrogate pair. */
function piecesOf(text: string, room: number): string[] {
  const pieces: string[] = [];
  let start = 0;
  let size = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at)!;
    const length = code > 0xffff ? 2 : 1;
    const cost = costOf(code);
    if (size + cost > room && at > start) {
      pieces.push(text.slice(start, at));
      start = at;
      size = 0;
    }
    size += cost;
    at += length;
  }
  pieces.push(text.slice(start));
  return pieces;
}

/** Bytes of one character inside of a JSON text. */
function costOf(code: number): number {
  if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff)) return 6;
  if (code === 0x22 || code === 0x5c) return 2;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}
