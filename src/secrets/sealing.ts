import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import { HoopError } from "../vocabulary/index.js";

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes + tagBytes;

/**
 * Seals with AES-256-GCM: `version | nonce (12) | tag (16) | ciphertext`. `binding` says what the value belongs to and is
 * authenticated with it: moved to another record it does not open.
 */
export function seal(key: KeyObject, binding: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(binding));
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), body]);
}

/** Opens what `seal` made. Throws HoopError `precondition-failed` where key, binding or bytes are not the ones it was sealed with. */
export function open(key: KeyObject, binding: string, sealed: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < headBytes || bytes[0] !== version)
    throw new HoopError("precondition-failed", "a sealed value is not in a form that this version can open");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(1, 1 + nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(binding));
  decipher.setAuthTag(bytes.subarray(1 + nonceBytes, headBytes));
  const plain = decipher.update(bytes.subarray(headBytes));
  try {
    decipher.final();
  } catch (cause) {
    throw new HoopError(
      "precondition-failed",
      "a sealed value does not open: it was altered, moved to another record, or sealed under another key",
      { cause },
    );
  }
  return plain;
}
