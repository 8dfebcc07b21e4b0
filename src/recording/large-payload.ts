import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { chunkBytes, largeHead } from "./sealed-format.js";
import type { PayloadSealer } from "./sealer.js";

/** A large payload as one file: its sealed head, then each sealed chunk after its length (4). */
export interface LargePayload {
  readonly hash: string;
  readonly bytes: number;
  readonly fileBytes: number;
}

const stringSlice = 256 << 10;

/** Text as UTF-8 in pieces; a surrogate pair stays in one. */
export function* textPieces(text: string): Generator<Uint8Array> {
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + stringSlice, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
    yield Buffer.from(text.slice(at, end));
    at = end;
  }
}

/** Seals and hashes piece by piece into a file of the folder, one chunk an event-loop turn, so that nobody else waits long. */
export async function writeLargePayload(options: {
  readonly sealer: PayloadSealer;
  readonly pieces: Iterable<Uint8Array>;
  readonly folder: string;
  readonly sync: boolean;
}): Promise<LargePayload> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const made = join(options.folder, `.${randomUUID()}`);
  const file = await open(made, "wx", 0o600);
  try {
    const sealing = options.sealer.startLarge();
    let fileBytes = await writeAll(file, sealing.head);
    let bytes = 0;
    for (const { plain, last } of chunksOf(options.pieces)) {
      bytes += plain.length;
      fileBytes += await writeAll(file, framed(sealing.chunk(plain, last)));
      await turn();
    }
    if (options.sync) await file.datasync();
    await file.close();
    const hash = sealing.hash();
    await rename(made, join(options.folder, hash));
    return { hash, bytes, fileBytes };
  } catch (error) {
    await file.close().catch(() => {});
    await rm(made, { force: true });
    throw error;
  }
}

/** Reads the file back as it is stored: the head, then the chunks one by one. Nothing is open until chunks are asked for. */
export async function readLargePayload(
  path: string,
): Promise<{ readonly head: Buffer; readonly chunks: AsyncIterable<Uint8Array> }> {
  const file = await open(path, "r");
  const head = Buffer.alloc(largeHead);
  try {
    await file.read(head, 0, head.length, 0);
  } finally {
    await file.close();
  }
  return { head, chunks: chunksOfFile(path) };
}

async function* chunksOfFile(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r");
  try {
    const length = Buffer.alloc(4);
    for (let at = largeHead; (await file.read(length, 0, 4, at)).bytesRead === 4; ) {
      const chunk = Buffer.alloc(length.readUInt32BE(0));
      await file.read(chunk, 0, chunk.length, at + 4);
      yield chunk;
      at += 4 + chunk.length;
    }
  } finally {
    await file.close();
  }
}

/** Cuts pieces of any size into chunks of `chunkBytes`; only the last is shorter, and marked. */
function* chunksOf(pieces: Iterable<Uint8Array>): Generator<{ readonly plain: Uint8Array; readonly last: boolean }> {
  let chunk = Buffer.allocUnsafe(chunkBytes);
  let filled = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      if (filled === chunkBytes) {
        yield { plain: chunk, last: false };
        chunk = Buffer.allocUnsafe(chunkBytes);
        filled = 0;
      }
      const take = Math.min(chunkBytes - filled, piece.length - at);
      chunk.set(piece.subarray(at, at + take), filled);
      filled += take;
      at += take;
    }
  }
  yield { plain: chunk.subarray(0, filled), last: true };
}

function framed(chunk: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(chunk.length);
  return Buffer.concat([length, chunk]);
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<number> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
  return bytes.length;
}
