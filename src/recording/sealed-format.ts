import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";

/*
 * Payload of a run:  3 | data key id (16) | run (16) | place in the run's keystream (8) | salt and content, covered
 * Large payload:     2 | data key id (16) | run (16) | chunk bytes (4), then apart each chunk: ciphertext | tag (16)
 * Earlier payload:   1 | data key id (16) | run (16) | nonce (12) | tag (16) | ciphertext of salt | content
 *
 * Each run of a recorder seals under a key of its own, HKDF(data key, salt = run). Payloads of a run take their bytes one
 * after the other from one AES-256-CTR keystream, so that no byte of it covers two. They need no tag: the entry's
 * commitment is over salt and content, the chain holds it, and nothing is opened without it. A large payload is a run of its
 * own under AES-256-GCM: chunk number and "last" are its nonce, so that chunks cannot be reordered, dropped or cut.
 */
export const forms = { earlier: 1, large: 2, small: 3 } as const;
export const tagBytes = 16;
/** Length of what stands before the covered bytes. */
export const smallHead = 1 + 16 + 16 + 8;
export const earlierHead = 1 + 16 + 16 + 12 + tagBytes;
/** Length of a large payload's head. */
export const largeHead = 1 + 16 + 16 + 4;
/** Plain bytes of each chunk of a large payload but the last. */
export const chunkBytes = 1 << 20;

export const uuidBytes = (id: string) => Buffer.from(id.replaceAll("-", ""), "hex");
export const uuidText = (bytes: Buffer) =>
  bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

export function runKey(dataKey: KeyObject, run: Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync("sha256", dataKey, run, "hoop recording payload v1", 32)));
}

/** For keystreams: another purpose, another key, also where a run should ever come twice. */
export function runStreamKey(dataKey: KeyObject, run: Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync("sha256", dataKey, run, "hoop recording payload v2", 32)));
}

export function chunkNonce(index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce[11] = last ? 1 : 0;
  return nonce;
}
