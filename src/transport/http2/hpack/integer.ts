import { errorCode } from "../constants.js";
import { Http2Error } from "../error.js";

/** No index, length or size that we take is longer than this many bits; more is an attack or an accident. */
const maxBits = 28;

/** Writes an integer with a prefix of `bits` bits behind `first`: https://www.rfc-editor.org/rfc/rfc7541#section-5.1 */
export function writeInteger(into: Uint8Array, at: number, first: number, bits: number, value: number): number {
  const limit = (1 << bits) - 1;
  if (value < limit) {
    into[at] = first | value;
    return at + 1;
  }
  into[at++] = first | limit;
  let rest = value - limit;
  while (rest > 0x7f) {
    into[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  into[at++] = rest;
  return at;
}

/** A place in a block that is being read. */
export interface Cursor {
  readonly block: Uint8Array;
  at: number;
}

/** Throws Http2Error where it does not end within the block, or is out of all proportion. */
export function readInteger(cursor: Cursor, bits: number): number {
  const { block } = cursor;
  const limit = (1 << bits) - 1;
  let value = octetOf(block, cursor.at++) & limit;
  if (value < limit) return value;
  for (let shift = 0; ; shift += 7) {
    const octet = octetOf(block, cursor.at++);
    // Zeros that only make it longer count, too: the number of octets is bounded, whatever they say.
    if (shift > maxBits - 7) throw new Http2Error(errorCode.compressionError, "an integer out of range");
    value += (octet & 0x7f) << shift;
    if (octet < 0x80) return value;
  }
}

function octetOf(block: Uint8Array, at: number): number {
  const octet = block[at];
  if (octet === undefined) throw new Http2Error(errorCode.compressionError, "a header block that ends too early");
  return octet;
}
