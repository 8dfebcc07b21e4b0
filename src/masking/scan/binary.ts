import { isUtf8 } from "node:buffer";

// A binary text has one character a byte, so that places in it are places in the bytes and nothing need be decoded to look.

/** Whether any byte is beyond ASCII. */
export const hasHighBytes = (binary: string): boolean => /[\x80-\xff]/.test(binary);

/** Whether the bytes are UTF-8, and not ASCII alone. */
export const isBinaryUtf8 = (binary: string): boolean => hasHighBytes(binary) && isUtf8(Buffer.from(binary, "latin1"));

/** What UTF-8 bytes say. */
export const textFrom = (binary: string): string => Buffer.from(binary, "latin1").toString("utf8");

/** The bytes of a text in UTF-8, one character each. */
export const binaryFrom = (text: string): string =>
  /[^\p{ASCII}]/u.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
