import type { Side } from "../session.js";

/** One thing that happened in a recorded session, in the order in which it happened. */
export type TranscriptEvent =
  /** Bytes that one side sent, one chunk. */
  | { readonly kind: "bytes"; readonly from: Side; readonly bytes: Buffer }
  /** The side closed its connection. */
  | { readonly kind: "closed"; readonly from: Side }
  /** The login is over: from here on bytes out must be bytes in. */
  | { readonly kind: "ready" }
  /** The session must have asked for this by now, and gets that answer; null: allowed. */
  | { readonly kind: "ask"; readonly text: string; readonly deny: string | null };

export interface Transcript {
  readonly name: string;
  /** The comment lines at the top: which client, which server, what it shows. */
  readonly about: string;
  readonly events: readonly TranscriptEvent[];
}

const lineLimit = 110;

/** Bytes as a quoted string: printable ASCII stays, all else is `\xNN`, with `\n`, `\r` and `\t` for themselves. */
export function quote(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte === 0x0a) text += "\\n";
    else if (byte === 0x0d) text += "\\r";
    else if (byte === 0x09) text += "\\t";
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `${text}"`;
}

const escaped: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, '"': 0x22, "\\": 0x5c };

/** The reverse of `quote`, of the whole of `text`. */
export function unquote(text: string): Buffer {
  if (!/^"(?:[^"\\]|\\.)*"$/.test(text)) throw new SyntaxError(`not a quoted string: ${text}`);
  const bytes: number[] = [];
  for (let at = 1; at < text.length - 1; at++) {
    if (text[at] !== "\\") {
      bytes.push(...Buffer.from(text[at]!));
      continue;
    }
    const letter = text[++at]!;
    if (letter === "x") {
      const digits = text.slice(at + 1, at + 3);
      if (!/^[0-9a-f]{2}$/.test(digits)) throw new SyntaxError(`not two hex digits after \\x: ${digits}`);
      bytes.push(Number.parseInt(digits, 16));
      at += 2;
    } else {
      const byte = escaped[letter];
      if (byte === undefined) throw new SyntaxError(`unknown escape \\${letter}`);
      bytes.push(byte);
    }
  }
  return Buffer.from(bytes);
}

/**
 * Reads the text form of a transcript. One event a line; an indented string continues the chunk above it.
 *
 * ```
 * # psql 15: one simple query
 * client "\x00\x00\x00\x08…"
 * target "R\x00\x00\x00\x08\x00\x00\x00\x00"
 *   "Z\x00\x00\x00\x05I"
 * ready
 * client "Q\x00\x00\x00\rselect 1\x00"
 * ask "select 1"
 * client closed
 * ```
 */
export function parseTranscript(name: string, text: string): Transcript {
  const about: string[] = [];
  const events: TranscriptEvent[] = [];
  let open: { from: Side; parts: Buffer[] } | null = null;
  const flush = () => {
    if (open) events.push({ kind: "bytes", from: open.from, bytes: Buffer.concat(open.parts) });
    open = null;
  };
  for (const [index, line] of text.split("\n").entries()) {
    const fail = (why: string) => new SyntaxError(`${name}:${index + 1}: ${why}`);
    if (line.trim() === "") continue;
    if (line.startsWith("#")) {
      if (events.length === 0 && !open) about.push(line.slice(1).trim());
      continue;
    }
    if (line.startsWith("  ")) {
      if (!open) throw fail("a continuation without a chunk above it");
      (open as { parts: Buffer[] }).parts.push(unquote(line.trim()));
      continue;
    }
    flush();
    const bytes = /^(client|target) (".*")$/.exec(line);
    const closed = /^(client|target) closed$/.exec(line);
    const ask = /^ask ("(?:[^"\\]|\\.)*")(?: deny (".*"))?$/.exec(line);
    if (line.endsWith(' ""')) throw fail("a chunk of no bytes");
    if (bytes) open = { from: bytes[1] as Side, parts: [unquote(bytes[2]!)] };
    else if (closed) events.push({ kind: "closed", from: closed[1] as Side });
    else if (ask)
      events.push({ kind: "ask", text: unquote(ask[1]!).toString(), deny: ask[2] ? unquote(ask[2]).toString() : null });
    else if (line === "ready") events.push({ kind: "ready" });
    else throw fail(`not a line of a transcript: ${line.slice(0, 80)}`);
  }
  flush();
  return { name, about: about.join("\n"), events };
}

/** Writes the text form. `breaks` gives the offsets where a new line helps the reader (the protocol's own frames). */
export function formatTranscript(
  transcript: Transcript,
  breaks: (from: Side, bytes: Buffer, index: number) => readonly number[] = () => [],
): string {
  const lines = transcript.about.split("\n").map((line) => `# ${line}`.trimEnd());
  for (const [index, event] of transcript.events.entries()) {
    if (event.kind === "closed") lines.push(`${event.from} closed`);
    else if (event.kind === "ready") lines.push("ready");
    else if (event.kind === "ask") {
      const denied = event.deny === null ? "" : ` deny ${quote(Buffer.from(event.deny))}`;
      lines.push(`ask ${quote(Buffer.from(event.text))}${denied}`);
    } else {
      const cuts = [...new Set([0, ...breaks(event.from, event.bytes, index), event.bytes.length])].sort(
        (a, b) => a - b,
      );
      const parts = cuts.slice(1).flatMap((end, i) => wrapped(event.bytes.subarray(cuts[i]!, end)));
      lines.push(...parts.map((part, i) => (i === 0 ? `${event.from} ${part}` : `  ${part}`)));
    }
  }
  return `${lines.join("\n")}\n`;
}

function wrapped(bytes: Buffer): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 1; at <= bytes.length; at++) {
    if (at < bytes.length && quote(bytes.subarray(start, at + 1)).length <= lineLimit) continue;
    parts.push(quote(bytes.subarray(start, at)));
    start = at;
  }
  return parts;
}
