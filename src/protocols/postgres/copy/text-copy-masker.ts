import type { CellMasker } from "../../../masking/index.js";
import type { RowBatch } from "../row-batch.js";
import { LineCopyMasker } from "./line-copy-masker.js";

const newline = 0x0a;
const backslash = 0x5c;

/** Letters behind a backslash, and the bytes that they stand for. */
const escapes: readonly (readonly [letter: string, byte: number])[] = [
  ["b", 0x08],
  ["f", 0x0c],
  ["n", 0x0a],
  ["r", 0x0d],
  ["t", 0x09],
  ["v", 0x0b],
];
/** By byte: the byte behind a backslash, and back; 0: it stands for itself. */
const byteOf = new Uint8Array(256);
const letterOf = new Uint8Array(256);
for (const [letter, byte] of escapes) {
  byteOf[letter.charCodeAt(0)] = byte;
  letterOf[byte] = letter.charCodeAt(0);
}

/** Rows of the text format: backslash escapes, one delimiter byte, newline. */
export class TextCopyMasker extends LineCopyMasker {
  protected fieldEnd(bytes: Buffer, from: number, end: number): number {
    const { delimiter } = this;
    let escaped = false;
    let pos = from;
    for (; pos < end; pos++) {
      const byte = bytes[pos]!;
      if (byte === delimiter || byte === newline) break;
      if (byte !== backslash) continue;
      escaped = true;
      pos++;
    }
    this.escaped = escaped;
    return Math.min(pos, end);
  }

  protected masked(masker: CellMasker, bytes: Buffer, start: number, end: number): Buffer | null {
    if (!this.escaped) return masker(bytes, start, end);
    const plain = unescapeField(bytes, start, end);
    return masker(plain, 0, plain.length);
  }

  protected write(value: Buffer, batch: RowBatch, read: number): void {
    for (let i = 0; i < value.length; i++) {
      if (!this.#special(value[i]!)) continue;
      batch.raw(this.#escape(value), read);
      return;
    }
    batch.raw(value, read);
  }

  #special(byte: number): boolean {
    return byte === backslash || byte === this.delimiter || letterOf[byte] !== 0;
  }

  #escape(value: Buffer): Buffer {
    const bytes: number[] = [];
    for (const byte of value) {
      if (this.#special(byte)) bytes.push(backslash, letterOf[byte] || byte);
      else bytes.push(byte);
    }
    return Buffer.from(bytes);
  }
}

function unescapeField(bytes: Buffer, start: number, end: number): Buffer {
  const plain = Buffer.allocUnsafe(end - start);
  let n = 0;
  for (let i = start; i < end; i++) {
    let byte = bytes[i]!;
    if (byte === backslash && i + 1 < end) {
      byte = bytes[++i]!;
      byte = byteOf[byte] || byte;
    }
    plain[n++] = byte;
  }
  return plain.subarray(0, n);
}
