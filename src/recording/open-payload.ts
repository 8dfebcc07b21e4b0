import { createDecipheriv, type KeyObject } from "node:crypto";
import { HoopError } from "../vocabulary/index.js";
import { commitmentDomain, commitmentOf, saltBytes } from "./commitment.js";
import type { RecordingKeys } from "./keys.js";
import { uncover } from "./keystream.js";
import {
  chunkNonce,
  earlierHead,
  forms,
  largeHead,
  runKey,
  runStreamKey,
  smallHead,
  tagBytes,
  uuidText,
} from "./sealed-format.js";

/** An opened payload: the salt is what an outside verifier needs to check the commitment. */
export interface OpenedPayload {
  readonly salt: Buffer;
  readonly content: Buffer;
}

/**
 * Opens a payload and checks that it is the one that the entry committed to. `chunks` are a large payload's, in order.
 * Throws HoopError `precondition-failed` where anything was altered.
 */
export async function openPayload(
  keys: Pick<RecordingKeys, "byId">,
  hash: string,
  sealed: Uint8Array,
  chunks: readonly Uint8Array[] = [],
): Promise<OpenedPayload> {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < largeHead) throw altered();
  const dataKey = await keys.byId(uuidText(bytes.subarray(1, 17)));
  let salted: Buffer;
  try {
    salted = openForm(dataKey, bytes, chunks);
  } catch (cause) {
    throw altered(cause);
  }
  if (salted.length < saltBytes || commitmentOf(Buffer.concat([commitmentDomain, salted])) !== hash) throw altered();
  return { salt: salted.subarray(0, saltBytes), content: salted.subarray(saltBytes) };
}

function openForm(dataKey: KeyObject, bytes: Buffer, chunks: readonly Uint8Array[]): Buffer {
  const run = bytes.subarray(17, 33);
  if (bytes[0] === forms.small && bytes.length >= smallHead) {
    const place = bytes.readBigUInt64BE(smallHead - 8);
    return uncover(runStreamKey(dataKey, run), place, bytes.subarray(smallHead));
  }
  if (bytes[0] === forms.earlier && bytes.length >= earlierHead) return openEarlier(runKey(dataKey, run), bytes);
  if (bytes[0] !== forms.large) throw altered();
  const key = runKey(dataKey, run);
  return Buffer.concat(
    chunks.map((chunk, index) => openChunk(key, Buffer.from(chunk), index, index === chunks.length - 1)),
  );
}

function openEarlier(key: KeyObject, bytes: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(33, 45), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(45, earlierHead));
  const plain = decipher.update(bytes.subarray(earlierHead));
  decipher.final();
  return plain;
}

function openChunk(key: KeyObject, chunk: Buffer, index: number, last: boolean): Buffer {
  if (chunk.length < tagBytes) throw altered();
  const decipher = createDecipheriv("aes-256-gcm", key, chunkNonce(index, last), { authTagLength: tagBytes });
  decipher.setAuthTag(chunk.subarray(chunk.length - tagBytes));
  const plain = decipher.update(chunk.subarray(0, chunk.length - tagBytes));
  decipher.final();
  return plain;
}

const altered = (cause?: unknown) =>
  new HoopError("precondition-failed", "a recorded payload does not open: it is not what the entry refers to", {
    cause,
  });
