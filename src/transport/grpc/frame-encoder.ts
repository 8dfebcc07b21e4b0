/** Bytes before a payload: one for compression, four of message length, one tag, up to five of payload length. */
export const maxFrameHeader = 11;

/** `Frame { data }` without the data: what goes on the wire before `length` bytes of payload. Answers where it ended. */
export function writeFrameHeader(into: Buffer, at: number, length: number): number {
  let varint = 1;
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) varint++;
  into[at] = 0;
  into.writeUInt32BE(1 + varint + length, at + 1);
  into[at + 5] = 0x0a; // field 1, length-delimited
  let to = at + 6;
  let rest = length;
  while (rest > 0x7f) {
    into[to++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  into[to++] = rest;
  return to;
}

/** `Frame { end: true }` with its gRPC prefix. */
export const endFrame: Buffer = Buffer.from([0, 0, 0, 0, 2, 0x10, 1]);
