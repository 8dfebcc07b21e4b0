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

  /** An entry: its hash (hex), then its body. */
  addEntry(hash: string, body: Buffer): void {
    const at = this.#begin(32 + body.length);
    writeHex(hash, this.#bytes, at);
    this.#bytes.set(body, at + 32);
    this.#end(recordTypes.entry, at, 32 + body.length);
  }

  /** A payload: its commitment (hex), the content's length (8), then what is sealed. */
  addPayload(hash: string, bytes: number, sealed: Buffer): void {
    const at = this.#begin(40 + sealed.length);
    writeHex(hash, this.#bytes, at);
    // Longer content is not in here.
    this.#bytes.writeUInt32BE(0, at + 32);
    this.#bytes.writeUInt32BE(bytes, at + 36);
    this.#bytes.set(sealed, at + 40);
    this.#end(recordTypes.payload, at, 40 + sealed.length);
  }

  /** A record whose body is `head` and then `rest`. */
  add(type: RecordType, head: Buffer, rest: Buffer): void {
    const at = this.#begin(head.length + rest.length);
    this.#bytes.set(head, at);
    this.#bytes.set(rest, at + head.length);
    this.#end(type, at, head.length + rest.length);
  }

  clear(): void {
    this.#length = 0;
    // One turn with large records must not keep its memory for good.
    if (this.#bytes.length > 4 << 20) this.#bytes = Buffer.allocUnsafe(64 << 10);
  }

  /** Makes room for a body of that length; answers where it goes. */
  #begin(length: number): number {
    if (length > maxBody) throw new HoopError("too-large", "an entry of more than 64 MiB cannot be recorded");
    const need = this.#length + headBytes + length;
    if (need > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(need, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    return this.#length + headBytes;
  }

  #end(type: RecordType, at: number, length: number): void {
    const bytes = this.#bytes;
    const end = at + length;
    bytes[at - 1] = type;
    bytes.writeUInt32BE(syncWord, at - headBytes);
    bytes.writeUInt32BE(length, at - headBytes + 4);
    bytes.writeUInt32BE(crc32(bytes.subarray(at - 1, end)), at - headBytes + 8);
    this.#length = end;
  }
}

/** The value of each hex digit by its character code. */
const digits = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, "0123456789abcdef".indexOf(String.fromCharCode(code))),
);

/** Of our own hashes, which are short: a call into the runtime costs more than the loop. */
function writeHex(hash: string, into: Buffer, at: number): void {
  for (let i = 0; i < 32; i++)
    into[at + i] = (digits[hash.charCodeAt(2 * i)]! << 4) | digits[hash.charCodeAt(2 * i + 1)]!;
}
