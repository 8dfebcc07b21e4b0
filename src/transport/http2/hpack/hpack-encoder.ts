import { DynamicTable } from "./dynamic-table.js";
import { fieldSize, type HeaderField } from "./header-field.js";
import { huffmanEncode, huffmanEncodedLength } from "./huffman.js";
import { writeInteger } from "./integer.js";
import { staticTable } from "./static-table.js";

/** What RFC 7541 begins with, and more than our few fields ever need. */
const maxTableSize = 4096;

/** By `name` the first index with that name, by `name\0value` the index of the whole field. */
const staticIndex = new Map<string, number>();
for (const [at, [name, value]] of staticTable.entries()) {
  if (!staticIndex.has(name)) staticIndex.set(name, at + 1);
  staticIndex.set(`${name}\0${value}`, at + 1);
}

/** How a field is written: by its number next time, or in full each time, or so that no proxy may remember it either. */
type Indexing = "remember" | "once" | "never";

/** Secrets, which a table would let an attacker guess by the size of what follows, and proofs that never come again. */
const never = new Set(["authorization", "proxy-authorization", "cookie", "hoop-nonce", "hoop-agent-proof"]);
const once = new Set(["grpc-timeout", "grpc-message", "content-length", "hoop-agent-certificate"]);

function indexingOf(name: string): Indexing {
  if (never.has(name)) return "never";
  return once.has(name) ? "once" : "remember";
}

/** Encodes header blocks, one after the other: https://www.rfc-editor.org/rfc/rfc7541 */
export class HpackEncoder {
  readonly #table = new DynamicTable(maxTableSize);
  /** A size that the peer asked for and was not told of yet. */
  #resizeTo: number | null = null;
  #smallest = maxTableSize;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limit(tableSize: number): void {
    const size = Math.min(tableSize, maxTableSize);
    this.#smallest = Math.min(this.#smallest, size);
    this.#resizeTo = size;
    this.#table.resize(size);
  }

  encode(fields: readonly HeaderField[]): Buffer {
    let bound = 12;
    for (const [name, value] of fields) bound += fieldSize(name, value);
    const block = Buffer.allocUnsafe(bound);
    let at = this.#writeResize(block);
    for (const field of fields) at = this.#write(block, at, field);
    return block.subarray(0, at);
  }

  #writeResize(block: Buffer): number {
    if (this.#resizeTo === null) return 0;
    let at = 0;
    if (this.#smallest < this.#resizeTo) at = writeInteger(block, at, 0x20, 5, this.#smallest);
    at = writeInteger(block, at, 0x20, 5, this.#resizeTo);
    this.#smallest = this.#resizeTo;
    this.#resizeTo = null;
    return at;
  }

  #write(block: Buffer, at: number, field: HeaderField): number {
    const [name, value] = field;
    const indexing = indexingOf(name);
    if (indexing === "remember") {
      const known = staticIndex.get(`${name}\0${value}`) ?? this.#dynamicIndex(name, value);
      if (known !== null) return writeInteger(block, at, 0x80, 7, known);
    }
    const nameIndex = staticIndex.get(name) ?? 0;
    if (indexing === "remember") {
      this.#table.add(field);
      at = writeInteger(block, at, 0x40, 6, nameIndex);
    } else at = writeInteger(block, at, indexing === "never" ? 0x10 : 0, 4, nameIndex);
    if (nameIndex === 0) at = writeString(block, at, name);
    return writeString(block, at, value);
  }

  #dynamicIndex(name: string, value: string): number | null {
    const index = this.#table.indexOf(name, value);
    return index < 0 ? null : staticTable.length + 1 + index;
  }
}

/** Never longer than the text with three octets of length, which the size of a field covers. */
function writeString(block: Buffer, at: number, text: string): number {
  const octets = Buffer.from(text, "latin1");
  const coded = huffmanEncodedLength(octets);
  if (coded < octets.length) return huffmanEncode(octets, block, writeInteger(block, at, 0x80, 7, coded));
  at = writeInteger(block, at, 0, 7, octets.length);
  octets.copy(block, at);
  return at + octets.length;
}
