import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { type ChainId, chainId, HoopError } from "../../vocabulary/index.js";
import { bodyStart, type ChainTip } from "../entry.js";
import { readFrame, recordFollows, recordTypes } from "./frame.js";

/*
 * A segment file: magic (8) | chain id (16) | sequence number (8) and hash (32) of the entry before its first | CRC-32 (4),
 * then records. Its name is that sequence number, so that names sort as entries do.
 */
const magic = Buffer.from("HOOPJRN1", "ascii");
export const segmentHead = 68;

export function segmentName(before: ChainTip): string {
  return `${String(before.seq).padStart(16, "0")}.journal`;
}

export const isSegment = (name: string) => /^\d{16}\.journal$/.test(name);

export function encodeSegmentHead(chain: ChainId, before: ChainTip): Buffer {
  const bytes = Buffer.alloc(segmentHead);
  magic.copy(bytes);
  bytes.write(chain.replaceAll("-", ""), 8, "hex");
  bytes.writeBigUInt64BE(BigInt(before.seq), 24);
  bytes.write(before.hash, 32, "hex");
  bytes.writeUInt32BE(crc32(bytes.subarray(0, segmentHead - 4)), segmentHead - 4);
  return bytes;
}

export function decodeSegmentHead(bytes: Buffer): { readonly chain: ChainId; readonly before: ChainTip } | null {
  if (bytes.length < segmentHead || !bytes.subarray(0, 8).equals(magic)) return null;
  if (crc32(bytes.subarray(0, segmentHead - 4)) !== bytes.readUInt32BE(segmentHead - 4)) return null;
  const chain = bytes.toString("hex", 8, 24).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return {
    chain: chainId(chain),
    before: { seq: Number(bytes.readBigUInt64BE(24)), hash: bytes.toString("hex", 32, 64) },
  };
}

export interface ScannedSegment {
  readonly chain: ChainId;
  readonly before: ChainTip;
  readonly tip: ChainTip;
  /** Where its last whole record ends; less than the file's size when the tail is torn. */
  readonly size: number;
  /** Commitments of large payloads that its records name. */
  readonly asides: readonly string[];
}

/**
 * Reads a segment whole and proves it: every record's CRC, every entry's hash and link. Returns null for a last segment
 * that a crash left without its head. Throws HoopError `precondition-failed` for anything that a crash cannot have left.
 */
export function scanSegment(path: string, last: boolean): ScannedSegment | null {
  const bytes = readFileSync(path);
  const head = decodeSegmentHead(bytes);
  if (head === null) {
    if (last && !recordFollows(bytes, 0)) return null;
    throw corrupt(path, 0, "its head is not readable");
  }
  const asides: string[] = [];
  let tip = head.before;
  let at = segmentHead;
  while (at < bytes.length) {
    const frame = readFrame(bytes, at);
    if (typeof frame === "string") {
      if (last && !recordFollows(bytes, at + 1)) break;
      throw corrupt(path, at, "a record in its middle is damaged");
    }
    if (frame.type === recordTypes.entry) tip = nextTip(path, at, head.chain, tip, frame.body);
    else if (frame.type === recordTypes.aside) asides.push(frame.body.toString("hex", 0, 32));
    at = frame.end;
  }
  return { chain: head.chain, before: head.before, tip, size: at, asides };
}

function nextTip(path: string, at: number, chain: ChainId, tip: ChainTip, body: Buffer): ChainTip {
  const text = body.subarray(32);
  const start = Buffer.from(bodyStart(chain, tip.seq + 1, tip.hash));
  if (!text.subarray(0, start.length).equals(start))
    throw corrupt(path, at, `entry ${tip.seq + 1} does not follow the one before it`);
  const digest = hash("sha256", text, "hex");
  if (digest !== body.toString("hex", 0, 32)) throw corrupt(path, at, `entry ${tip.seq + 1} does not match its hash`);
  return { seq: tip.seq + 1, hash: digest };
}

export function corrupt(path: string, at: number, what: string): HoopError {
  return new HoopError("precondition-failed", `the journal is damaged: ${path} at byte ${at}: ${what}`, {
    hint: "this is not what a crash leaves behind; keep the folder as evidence, and give the gateway an empty one",
  });
}
