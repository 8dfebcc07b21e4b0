/** Bind values as one payload: count (4), then each: length (4, -1 is NULL) and bytes; big-endian. Writes `valuesLength` bytes. */
export function writeValues(values: readonly (Uint8Array | null)[], bytes: Buffer, from: number): void {
  let at = bytes.writeInt32BE(values.length, from);
  for (const value of values) {
    at = bytes.writeInt32BE(value === null ? -1 : value.length, at);
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
}

/** The same, piece by piece, for values too large to be copied at once. */
export function* valuePieces(values: readonly (Uint8Array | null)[]): Generator<Uint8Array> {
  yield int32(values.length);
  for (const value of values) {
    yield int32(value === null ? -1 : value.length);
    if (value !== null) yield value;
  }
}

export function valuesLength(values: readonly (Uint8Array | null)[]): number {
  let bytes = 4;
  for (const value of values) bytes += 4 + (value?.length ?? 0);
  return bytes;
}

/** Throws RangeError where the bytes are not what `writeValues` wrote. */
export function decodeValues(bytes: Buffer): (Buffer | null)[] {
  const values: (Buffer | null)[] = [];
  const count = bytes.readInt32BE(0);
  let at = 4;
  for (let i = 0; i < count; i++) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length > bytes.length - at) throw new RangeError("bind values are cut short");
    values.push(length < 0 ? null : bytes.subarray(at, at + length));
    if (length > 0) at += length;
  }
  return values;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}
