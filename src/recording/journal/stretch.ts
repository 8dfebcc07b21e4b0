import { type FileHandle, open } from "node:fs/promises";
import { HoopError } from "../../vocabulary/index.js";
import { type Frame, headBytes, readFrame } from "./frame.js";
import { corrupt } from "./segment.js";

/** A part of one segment's file that is written and stays as it is: whole records from `offset` to `size`. */
export interface Stretch {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

const readBytes = 1 << 20;

/** Its first records, about a megabyte of them, and the offset behind them. Throws HoopError `precondition-failed` where one cannot be read back. */
export async function readStretch({ path, offset, size }: Stretch): Promise<{
  readonly frames: readonly Frame[];
  readonly offset: number;
}> {
  const file = await open(path, "r");
  try {
    let bytes = await readAt(file, offset, Math.min(readBytes, size - offset));
    const first = bytes.length >= headBytes ? headBytes + bytes.readUInt32BE(4) : 0;
    if (first > bytes.length) bytes = await readAt(file, offset, Math.min(first, size - offset));
    const frames: Frame[] = [];
    let at = 0;
    while (at < bytes.length) {
      const frame = readFrame(bytes, at);
      if (frame === "short" && frames.length > 0) break;
      if (typeof frame === "string") throw corrupt(path, offset + at, "a record cannot be read back");
      frames.push(frame);
      at = frame.end;
    }
    return { frames, offset: offset + at };
  } finally {
    await file.close();
  }
}

/** Exactly `length` bytes; the caller knows that they are there. */
async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new HoopError("internal", "the journal ends before its end");
    done += bytesRead;
  }
  return bytes;
}
