import type { NewPayload } from "../../recording/store.js";

/*
 * Sealed parts of a batch's entries as one block; each: commitment (32) | bytes of the content (8) | length (4) | sealed.
 * They are found by the number of their entry, and do not compress.
 */
const headBytes = 44;

export function encodeSealed(payloads: readonly NewPayload[]): Buffer {
  const block = Buffer.allocUnsafe(payloads.reduce((sum, { sealed }) => sum + headBytes + sealed.length, 0));
  let at = 0;
  for (const { hash, bytes, sealed } of payloads) {
    block.write(hash, at, "hex");
    block.writeBigUInt64BE(BigInt(bytes), at + 32);
    block.writeUInt32BE(sealed.length, at + 40);
    block.set(sealed, at + headBytes);
    at += headBytes + sealed.length;
  }
  return block;
}

/** Null: not in this block, or the block was cut short before it. */
export function findSealed(block: Buffer, hash: Buffer): { readonly sealed: Buffer; readonly bytes: number } | null {
  for (let at = 0; at + headBytes <= block.length; ) {
    const end = at + headBytes + block.readUInt32BE(at + 40);
    if (end > block.length) return null;
    if (block.compare(hash, 0, 32, at, at + 32) === 0)
      return { sealed: block.subarray(at + headBytes, end), bytes: Number(block.readBigUInt64BE(at + 32)) };
    at = end;
  }
  return null;
}
