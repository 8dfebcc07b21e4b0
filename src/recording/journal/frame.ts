import { crc32 } from "node:zlib";
import { HoopError } from "../../vocabulary/index.js";

/*
 * A record: sync (4) | body length (4) | CRC-32 of type and body (4) | type (1) | body; big-endian.
 * The sync word cannot occur in UTF-8, so no entry's text can look like a record to the search for what follows a torn one.
 */
export const sync = Buffer.from([0xf5, 0x48, 0x4a, 0xff]);
const syncWord = sync.readUInt32BE();
export const headBytes = 13;
/** Large payloads are files of their own; no record comes near this. */
export const maxBody = 64 << 20;

export const recordTypes = { entry: 1, payload: 2, head: 3, aside: 4 } as const;
export type RecordType = (typeof recordTypes)[keyof typeof recordTypes];

export interface Frame {
  readonly type: number;
  /** A view. */
  readonly body: Buffer;
  /** Where the next record begins. */
  readonly end: number;
}

/** The record at `at`. `short`: the bytes end before it does. `bad`: these bytes are no record. */
export function readFrame(bytes: Buffer, at: number): Frame | "short" | "bad" {
  if (bytes.length - at < headBytes) return "short";
  if (bytes.readUInt32BE(at) !== syncWord) return "bad";
  const length = bytes.readUInt32BE(at + 4);
  if (length > maxBody) return "bad";
  const end = at + headBytes + length;
  if (end > bytes.length) return "short";
  if (crc32(bytes.subarray(at + 12, end)) !== bytes.readUInt32BE(at + 8)) return "bad";
  return { type: bytes[at + 12]!, body: bytes.subarray(at + headBytes, end), end };
}

/** Whether any whole record begins after `from`: then what is broken before it is no torn tail. */
export function recordFollows(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(sync, from); at >= 0; at = bytes.indexOf(sync, at + 1)) {
    if (typeof readFrame(bytes, at) === "object") return true;
  }
  return false;
}

/** Collects the records of one write. */
export class FrameBatch {
  #bytes = Buffer.allocUnsafe(64 << 10);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A view of everything collected, valid until `clear`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds a record whose body is `head` (latin1 bytes or a buffer) and then `text`. */
  add(type: RecordType, head: Buffer | null, text: string | Buffer): void {
    const headLength = head?.length ?? 0;
    // UTF-8 takes at most three bytes for a unit of a string; ASCII, the common case, one.
    const bound = typeof text === "string" ? text.length * 3 : text.length;
    this.#reserve(headBytes + headLength + bound);
    const at = this.#length;
    const bytes = this.#bytes;
    bytes.writeUInt32BE(syncWord, at);
    bytes[at + 12] = type;
    if (head !== null) bytes.set(head, at + headBytes);
    const bodyAt = at + headBytes + headLength;
    let written: number;
    if (typeof text === "string") written = bytes.write(text, bodyAt, "utf8");
    else {
      bytes.set(text, bodyAt);
      written = text.length;
    }
    const end = bodyAt + written;
    if (headLength + written > maxBody)
      throw new HoopError("too-large", "an entry of more than 64 MiB cannot be recorded");
    bytes.writeUInt32BE(headLength + written, at + 4);
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 12, end)), at + 8);
    this.#length = end;
  }

  clear(): void {
    this.#length = 0;
    // One turn with large records must not keep its memory for good.
    if (this.#bytes.length > 4 << 20) this.#bytes = Buffer.allocUnsafe(64 << 10);
  }

  #reserve(more: number): void {
    const need = this.#length + more;
    if (need <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(need, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
