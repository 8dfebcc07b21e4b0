import { errorCode } from "../constants.js";
import { Http2Error } from "../error.js";
import { endOfString, huffmanLengths, huffmanWords } from "./huffman-code.js";

/** The code as a tree: two entries a node, a child's number or, below nought, the symbol's complement. */
const tree = buildTree();

function buildTree(): Int16Array {
  const nodes = new Int16Array(2 * endOfString + 2);
  let used = 1;
  for (let symbol = 0; symbol <= endOfString; symbol++) {
    const length = huffmanLengths[symbol]!;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const at = 2 * node + ((huffmanWords[symbol]! >>> bit) & 1);
      if (bit === 0) nodes[at] = ~symbol;
      else {
        if (nodes[at] === 0) nodes[at] = used++;
        node = nodes[at]!;
      }
    }
  }
  return nodes;
}

export function huffmanEncodedLength(text: Uint8Array): number {
  let bits = 0;
  for (const octet of text) bits += huffmanLengths[octet]!;
  return (bits + 7) >>> 3;
}

/** Writes the coded text and answers where it ended; the rest of the last octet is padded with ones. */
export function huffmanEncode(text: Uint8Array, into: Uint8Array, at: number): number {
  let rest = 0;
  let bits = 0;
  for (const octet of text) {
    const word = huffmanWords[octet]!;
    // A word has up to 30 bits and 7 may wait: taken octet by octet, so that 32 bits are enough.
    for (let left = huffmanLengths[octet]!; left > 0; ) {
      const take = Math.min(left, 8 - bits);
      left -= take;
      rest = (rest << take) | ((word >>> left) & ((1 << take) - 1));
      bits += take;
      if (bits === 8) {
        into[at++] = rest;
        rest = 0;
        bits = 0;
      }
    }
  }
  if (bits > 0) into[at++] = (rest << (8 - bits)) | (0xff >>> bits);
  return at;
}

/** Throws Http2Error where the end of a string is coded, or the padding is longer than seven bits or not all ones. */
export function huffmanDecode(coded: Uint8Array): Buffer {
  // The shortest word has five bits.
  const out = Buffer.allocUnsafe(Math.ceil((coded.length * 8) / 5));
  let length = 0;
  let node = 0;
  let padding = 0;
  let allOnes = true;
  for (const octet of coded) {
    for (let bit = 7; bit >= 0; bit--) {
      const value = (octet >>> bit) & 1;
      const next = tree[2 * node + value]!;
      padding++;
      allOnes &&= value === 1;
      if (next > 0) {
        node = next;
        continue;
      }
      if (next === ~endOfString) throw new Http2Error(errorCode.compressionError, "a string that codes its own end");
      out[length++] = ~next;
      node = 0;
      padding = 0;
      allOnes = true;
    }
  }
  if (padding > 7 || !allOnes) throw new Http2Error(errorCode.compressionError, "a string with wrong padding");
  return out.subarray(0, length);
}
