import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type ChainId, HoopError } from "../../vocabulary/index.js";
import type { ChainTip } from "../entry.js";
import { encodeSegmentHead, segmentHead, segmentName } from "./segment.js";

/** A segment's file, as the journal keeps track of it. */
export interface Segment {
  readonly path: string;
  readonly before: ChainTip;
  tip: ChainTip;
  size: number;
  writtenAt: number;
  readonly asides: string[];
}

/** The folder takes no more. */
export function full(folder: string, cause?: unknown): HoopError {
  return new HoopError("unavailable", "nothing can be recorded: the journal's disk is full", {
    hint: `make room for ${folder}`,
    cause,
  });
}

/** Begins a segment behind an entry. Throws HoopError `unavailable` with no file left when the disk is full. */
export function createSegment(folder: string, chain: ChainId, before: ChainTip, now: number): Segment {
  const path = join(folder, segmentName(before));
  const fd = openSync(path, "w", 0o600);
  const head = encodeSegmentHead(chain, before);
  try {
    if (writeSync(fd, head) !== head.length) throw full(folder);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  return { path, before, tip: before, size: segmentHead, writtenAt: now, asides: [] };
}

/** Removes files of large payloads that no record names: their entry was never written. Returns the bytes of those that stay. */
export function removeOrphans(folder: string, named: ReadonlySet<string>): number {
  let bytes = 0;
  for (const name of readdirSync(join(folder, "aside"))) {
    const path = join(folder, "aside", name);
    if (named.has(name)) bytes += statSync(path).size;
    else rmSync(path, { force: true });
  }
  return bytes;
}

/** Where a large payload lies, of which a record of this journal tells. */
export function asidePath(folder: string, hash: string): string {
  return join(folder, "aside", hash);
}

/** Returns how large it was. */
export function removeFile(path: string): number {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  rmSync(path, { force: true });
  return bytes;
}
