import type { Socket } from "node:net";
import { frameHeaderBytes } from "./constants.js";

const arenaBytes = 64 * 1024;
/** A connection on which little is said, or nothing after the greeting, keeps this. */
const firstArenaBytes = 2 * 1024;
/** Payload up to this size is copied behind its header; more is sent by reference. */
const copyUpTo = 8 * 1024;
/** Under TLS one write is one run of encryption: so much is put together for it. */
const concatUpTo = 256 * 1024;

/**
 * What a connection is about to send: headers and small payloads side by side in one arena, big payloads by reference, all of
 * it in one write to the socket.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #encrypted: boolean;
  #arena: Buffer = Buffer.allocUnsafeSlow(firstArenaBytes);
  /** Where the bytes begin that are not in `#parts` yet, and where they end. */
  #start = 0;
  #at = 0;
  #parts: Uint8Array[] = [];
  #partBytes = 0;

  constructor(socket: Socket, encrypted: boolean) {
    this.#socket = socket;
    this.#encrypted = encrypted;
  }

  /** Bytes written here that the system has not taken. */
  get backlog(): number {
    return this.waiting + this.#socket.writableLength;
  }

  /** Bytes that were not given to the socket yet. */
  get waiting(): number {
    return this.#partBytes + (this.#at - this.#start);
  }

  header(length: number, type: number, flags: number, stream: number): void {
    this.#reserve(frameHeaderBytes);
    const arena = this.#arena;
    const at = this.#at;
    arena[at] = length >>> 16;
    arena[at + 1] = length >>> 8;
    arena[at + 2] = length;
    arena[at + 3] = type;
    arena[at + 4] = flags;
    arena[at + 5] = stream >>> 24;
    arena[at + 6] = stream >>> 16;
    arena[at + 7] = stream >>> 8;
    arena[at + 8] = stream;
    this.#at = at + frameHeaderBytes;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#at = this.#arena.writeUInt32BE(value, this.#at);
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.#at = this.#arena.writeUInt16BE(value, this.#at);
  }

  /** `chunk` from `from` to `to`; a big one is kept as it is and must not change any more. */
  bytes(chunk: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (length <= copyUpTo) {
      this.#reserve(length);
      const arena = this.#arena;
      let at = this.#at;
      // A call into the runtime costs more than a few dozen bytes.
      if (length <= 48) for (let i = from; i < to; i++) arena[at++] = chunk[i]!;
      else {
        arena.set(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to), at);
        at += length;
      }
      this.#at = at;
      return;
    }
    this.#seal();
    this.#parts.push(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
    this.#partBytes += length;
  }

  flush(): void {
    this.#seal();
    const parts = this.#parts;
    if (parts.length === 0) return;
    const socket = this.#socket;
    const bytes = this.#partBytes;
    this.#partBytes = 0;
    if (parts.length === 1) {
      const only = parts[0]!;
      parts.length = 0;
      socket.write(only);
    } else {
      this.#parts = [];
      if (this.#encrypted && bytes <= concatUpTo) socket.write(Buffer.concat(parts, bytes));
      else {
        socket.cork();
        for (const part of parts) socket.write(part);
        socket.uncork();
      }
    }
    // Only what the system has taken may be written over.
    if (socket.writableLength === 0) {
      this.#start = 0;
      this.#at = 0;
    }
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#arena.length) return;
    this.#seal();
    this.#arena = Buffer.allocUnsafeSlow(arenaBytes);
    this.#start = 0;
    this.#at = 0;
  }

  #seal(): void {
    if (this.#at === this.#start) return;
    this.#parts.push(this.#arena.subarray(this.#start, this.#at));
    this.#partBytes += this.#at - this.#start;
    this.#start = this.#at;
  }
}
