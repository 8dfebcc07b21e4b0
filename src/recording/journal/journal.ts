import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type ChainId, HoopError } from "../../vocabulary/index.js";
import type { ChainTip } from "../entry.js";
import { claimFolder, type Ownership } from "./owner.js";
import { corrupt, isSegment, scanSegment, segmentHead } from "./segment.js";
import { asidePath, createSegment, full, removeFile, removeOrphans, type Segment } from "./segment-file.js";
import type { Stretch } from "./stretch.js";

export interface JournalOptions {
  /** Owned by this process alone; made with mode 0700 when it is not there. */
  readonly folder: string;
  /** The id that a new chain gets; an existing journal keeps its own. */
  readonly newChain: () => ChainId;
  /** A new segment begins when one has grown to this. */
  readonly segmentBytes?: number | undefined;
  /** Writes that would grow the folder beyond this fail as a full disk does. */
  readonly quotaBytes?: number | undefined;
  /** Segments that the store has are kept until they are older than this… */
  readonly keepMs?: number | undefined;
  /** …or until those kept are larger than this together. */
  readonly keepBytes?: number | undefined;
  /** Write through to the disk before anything counts as written. */
  readonly sync?: boolean | undefined;
  readonly now?: (() => number) | undefined;
}

/** A place in the journal; segments are named by the entry before their first. */
export interface Cursor {
  readonly segment: number;
  readonly offset: number;
}

/** The folder of segments: append, read behind, roll, delete. Knows records, nothing of what entries mean. */
export class Journal {
  readonly chain: ChainId;
  readonly folder: string;
  readonly #options: JournalOptions;
  readonly #ownership: Ownership;
  readonly #segments: Segment[];
  readonly #now: () => number;
  #fd: number;
  #used: number;
  /** The last entry that the store has. */
  #released = 0;
  #broken: HoopError | null = null;
  #syncing = false;
  /** Descriptors that a running sync still uses. */
  readonly #retired: number[] = [];

  private constructor(
    options: JournalOptions,
    ownership: Ownership,
    chain: ChainId,
    segments: Segment[],
    fd: number,
    used: number,
  ) {
    this.#options = options;
    this.folder = options.folder;
    this.#now = options.now ?? Date.now;
    this.#ownership = ownership;
    this.chain = chain;
    this.#segments = segments;
    this.#fd = fd;
    this.#used = used;
  }

  /** Claims the folder, proves what is in it, cuts a torn tail. Throws HoopError `conflict` or `precondition-failed`. */
  static async open(options: JournalOptions): Promise<Journal> {
    const { folder } = options;
    const now = options.now ?? Date.now;
    mkdirSync(join(folder, "aside"), { recursive: true, mode: 0o700 });
    const ownership = await claimFolder(folder);
    try {
      const segments: Segment[] = [];
      const names = readdirSync(folder).filter(isSegment).sort();
      let chain: ChainId | null = null;
      for (const [index, name] of names.entries()) {
        const path = join(folder, name);
        const last = index === names.length - 1;
        const scanned = scanSegment(path, last);
        if (scanned === null) {
          rmSync(path);
          continue;
        }
        const previous = segments.at(-1);
        if (
          previous !== undefined &&
          (chain !== scanned.chain ||
            previous.tip.seq !== scanned.before.seq ||
            previous.tip.hash !== scanned.before.hash)
        ) {
          throw corrupt(path, 0, `it does not follow ${previous.path}`);
        }
        chain = scanned.chain;
        segments.push({
          path,
          before: scanned.before,
          tip: scanned.tip,
          size: scanned.size,
          writtenAt: statSync(path).mtimeMs,
          asides: [...scanned.asides],
        });
      }
      chain ??= options.newChain();
      if (segments.length === 0) segments.push(createSegment(folder, chain, { seq: 0, hash: "0".repeat(64) }, now()));
      const newest = segments.at(-1)!;
      const fd = openSync(newest.path, "r+");
      ftruncateSync(fd, newest.size);
      if (options.sync) fsyncSync(fd);
      const used =
        removeOrphans(folder, new Set(segments.flatMap((segment) => segment.asides))) +
        segments.reduce((sum, segment) => sum + segment.size, 0);
      return new Journal(options, ownership, chain, segments, fd, used);
    } catch (error) {
      ownership.release();
      throw error;
    }
  }

  get tip(): ChainTip {
    return this.#newest.tip;
  }

  /** Behind everything written so far. */
  get end(): Cursor {
    return { segment: this.#newest.before.seq, offset: this.#newest.size };
  }

  get usedBytes(): number {
    return this.#used;
  }

  /**
   * Writes records that lead the chain to `tip`, all or nothing. Throws HoopError `unavailable` with nothing written:
   * the disk is full or broken, or another process has taken the folder.
   */
  write(records: Buffer, tip: ChainTip, asides: readonly string[]): void {
    if (this.#broken !== null) throw this.#broken;
    if (!this.#ownership.held()) throw this.#break("another process has taken the journal folder");
    try {
      // A segment without an entry has the name that its successor would get.
      if (
        this.#newest.size >= (this.#options.segmentBytes ?? 64 << 20) &&
        this.#newest.tip.seq > this.#newest.before.seq
      )
        this.#roll();
      this.#checkQuota(records.length);
      this.#writeAll(records);
    } catch (error) {
      throw this.#repair(error);
    }
    const segment = this.#newest;
    segment.size += records.length;
    segment.tip = tip;
    segment.writtenAt = this.#now();
    segment.asides.push(...asides);
    this.#used += records.length;
  }

  /** Calls back when everything written so far is on the disk itself. One at a time. */
  syncNow(done: (error: HoopError | null) => void): void {
    this.#syncing = true;
    fdatasync(this.#fd, (error) => {
      this.#syncing = false;
      for (const fd of this.#retired.splice(0)) closeSync(fd);
      // What the kernel could not write it may have dropped: nothing after it can be trusted until it is read again.
      done(error === null ? null : this.#break("the disk did not take what was written to it", error));
    });
  }

  /** Counts a large payload's file towards the quota. Throws like `write`. */
  reserve(bytes: number): void {
    this.#checkQuota(bytes);
    this.#used += bytes;
  }

  unreserve(bytes: number): void {
    this.#used -= bytes;
  }

  /** Removes a large payload's file whose entry was not written. */
  dropAside(hash: string): void {
    this.#used -= removeFile(this.asidePath(hash));
  }

  /** Everything in here is in the store, and the store is ahead: begins anew behind what the store has. */
  continueFrom(tip: ChainTip): void {
    const segment = createSegment(this.folder, this.chain, tip, this.#now());
    this.#retire(this.#fd);
    this.#fd = openSync(segment.path, "r+");
    for (const old of this.#segments.splice(0)) {
      for (const hash of old.asides) this.dropAside(hash);
      rmSync(old.path, { force: true });
      this.#used -= old.size;
    }
    this.#segments.push(segment);
    this.#used += segment.size;
  }

  asidePath(hash: string): string {
    return asidePath(this.folder, hash);
  }

  /** Where reading begins to get every record after entry `seq`; the reader skips what comes before in the same segment. */
  cursorAfter(seq: number): Cursor | null {
    const segment = this.#segments.findLast((each) => each.before.seq <= seq);
    return segment === undefined ? null : { segment: segment.before.seq, offset: segmentHead };
  }

  /** What may be read at a cursor; null: nothing, `following` tells where it goes on. */
  stretchAt(cursor: Cursor): Stretch | null {
    const segment = this.#segments.find((each) => each.before.seq === cursor.segment);
    // At its end, or deleted because the store has all of it.
    if (segment === undefined || cursor.offset >= segment.size) return null;
    return { path: segment.path, offset: cursor.offset, size: segment.size };
  }

  /** Where reading goes on when a segment is at its end; the same place when there is no later one yet. */
  following(cursor: Cursor): Cursor {
    const next = this.#segments.find((each) => each.before.seq > cursor.segment);
    return next === undefined ? cursor : { segment: next.before.seq, offset: segmentHead };
  }

  /** The store has everything up to entry `seq`. */
  release(seq: number): void {
    this.#released = Math.max(this.#released, seq);
    this.trim(false);
  }

  /** Deletes segments that the store has: those past their keeping, or, when room is needed, all of them. */
  trim(all: boolean): void {
    const keepMs = this.#options.keepMs ?? 24 * 3600_000;
    const keepBytes = this.#options.keepBytes ?? 1 << 30;
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0]!;
      if (oldest.tip.seq > this.#released) return;
      const kept = this.#segments.slice(0, -1).reduce((sum, segment) => sum + segment.size, 0);
      if (!all && kept <= keepBytes && this.#now() - oldest.writtenAt < keepMs) return;
      for (const hash of oldest.asides) this.dropAside(hash);
      rmSync(oldest.path, { force: true });
      this.#used -= oldest.size;
      this.#segments.shift();
    }
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#retire(this.#fd);
    this.#fd = -1;
    this.#broken ??= new HoopError("unavailable", "the journal is closed");
    this.#ownership.release();
  }

  get #newest(): Segment {
    return this.#segments.at(-1)!;
  }

  #roll(): void {
    const segment = createSegment(this.folder, this.chain, this.#newest.tip, this.#now());
    const fd = openSync(segment.path, "r+");
    // In sync mode whoever waits for the old segment waits for it here; once in 64 MiB.
    if (this.#options.sync) {
      fsyncSync(this.#fd);
      fsyncSync(fd);
    }
    this.#retire(this.#fd);
    this.#fd = fd;
    this.#segments.push(segment);
    this.#used += segment.size;
    this.trim(false);
  }

  #retire(fd: number): void {
    if (this.#syncing) this.#retired.push(fd);
    else closeSync(fd);
  }

  #checkQuota(bytes: number): void {
    const quota = this.#options.quotaBytes;
    if (quota !== undefined && this.#used + bytes > quota) throw full(this.folder);
  }

  #writeAll(records: Buffer): void {
    let done = 0;
    // At its own place, not at the file's end: what a failed write left behind is overwritten.
    while (done < records.length)
      done += writeSync(this.#fd, records, done, records.length - done, this.#newest.size + done);
  }

  #repair(error: unknown): HoopError {
    try {
      ftruncateSync(this.#fd, this.#newest.size);
    } catch (cause) {
      return this.#break("a failed write to the journal could not be taken back", cause);
    }
    if (error instanceof HoopError) return error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOSPC" || code === "EDQUOT") return full(this.folder, error);
    return new HoopError("unavailable", `the journal cannot be written (${code ?? "unknown error"})`, { cause: error });
  }

  #break(what: string, cause?: unknown): HoopError {
    this.#broken ??= new HoopError("unavailable", `nothing can be recorded: ${what}`, {
      hint: "restart the gateway",
      cause,
    });
    return this.#broken;
  }
}
