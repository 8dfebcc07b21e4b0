import type { Socket } from "node:net";
import { type Flushable, flushSoon } from "../turn.js";
import { clientPreface, frameFlag, frameType, settingId } from "./constants.js";
import { Outbox } from "./outbox.js";
import { limits, ownSettings } from "./settings.js";

/**
 * Milliseconds after which data is sent though the turn is not over: the next process begins with it while this one goes on
 * with its pile. Without it a batch of calls walks round the processes as one, and all but one of them wait.
 */
const flushMs = 0.1;
/** Writing early takes at most so much of the time: where a write is dear (TLS, a busy machine), more waits for the next. */
const writesShare = 0.1;
/** A write that took longer was interrupted. */
const longestMs = 0.05;
/** What a write cost counts by so much beside those before it. */
const weight = 1 / 16;
/** So many bytes are worth a write of their own. */
const bytesAtOnce = 128 * 1024;

/** Writes frames to a socket, as many at once as a turn of the loop brings. */
export class FrameWriter implements Flushable {
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #unread: () => void;
  #dirty = false;
  /** When the first data was written that is not sent; 0: there is none. */
  #since = 0;
  /** What a write costs, milliseconds. */
  #cost = 0;
  #closed = false;

  /** `unread`: the peer lets pile up what it made us say. */
  constructor(socket: Socket, encrypted: boolean, unread: () => void) {
    this.#socket = socket;
    this.#outbox = new Outbox(socket, encrypted);
    this.#unread = unread;
  }

  /** The socket takes no more: data waits with its stream. */
  get congested(): boolean {
    return this.#outbox.backlog > limits.maxBacklog;
  }

  flush(): void {
    this.#dirty = false;
    this.#since = 0;
    if (this.#closed || this.#socket.destroyed) return;
    const began = performance.now();
    this.#outbox.flush();
    this.#cost += (Math.min(longestMs, performance.now() - began) - this.#cost) * weight;
  }

  /** Nothing is written from now on. */
  close(): void {
    this.#closed = true;
  }

  greeting(isClient: boolean): void {
    if (isClient) this.#outbox.bytes(clientPreface, 0, clientPreface.length);
    const settings: [number, number][] = [
      [settingId.initialWindowSize, ownSettings.initialWindowSize],
      [settingId.maxFrameSize, ownSettings.maxFrameSize],
      [settingId.maxHeaderListSize, ownSettings.maxHeaderListSize],
      isClient ? [settingId.enablePush, 0] : [settingId.maxConcurrentStreams, ownSettings.maxConcurrentStreams],
    ];
    this.#outbox.header(settings.length * 6, frameType.settings, 0, 0);
    for (const [id, value] of settings) {
      this.#outbox.uint16(id);
      this.#outbox.uint32(value);
    }
    this.#soon();
  }

  settingsAck(): void {
    this.#control(0, frameType.settings, frameFlag.ack, 0);
  }

  ping(opaque: Uint8Array, ack: boolean): void {
    this.#control(8, frameType.ping, ack ? frameFlag.ack : 0, 0);
    this.#outbox.bytes(opaque, 0, 8);
  }

  windowUpdate(stream: number, credit: number): void {
    this.#control(4, frameType.windowUpdate, 0, stream);
    this.#outbox.uint32(credit);
  }

  reset(stream: number, code: number): void {
    this.#control(4, frameType.rstStream, 0, stream);
    this.#outbox.uint32(code);
  }

  goaway(lastStream: number, code: number, words: string): void {
    const text = Buffer.from(words, "latin1").subarray(0, 256);
    this.#control(8 + text.length, frameType.goaway, 0, 0);
    this.#outbox.uint32(lastStream);
    this.#outbox.uint32(code);
    this.#outbox.bytes(text, 0, text.length);
  }

  headers(stream: number, block: Buffer, endStream: boolean, maxFrame: number): void {
    for (let from = 0; from === 0 || from < block.length; from += maxFrame) {
      const to = Math.min(block.length, from + maxFrame);
      const flags =
        (to === block.length ? frameFlag.endHeaders : 0) | (from === 0 && endStream ? frameFlag.endStream : 0);
      this.#control(to - from, from === 0 ? frameType.headers : frameType.continuation, flags, stream);
      this.#outbox.bytes(block, from, to);
    }
  }

  /** A DATA frame's header; the caller puts so many bytes into the box that it is given, then calls `dataDone`. */
  data(stream: number, length: number, endStream: boolean): Outbox {
    this.#outbox.header(length, frameType.data, endStream ? frameFlag.endStream : 0, stream);
    return this.#outbox;
  }

  dataDone(): void {
    const now = performance.now();
    if (this.#since === 0) this.#since = now;
    if (now - this.#since >= Math.max(flushMs, this.#cost / writesShare) || this.#outbox.waiting >= bytesAtOnce)
      this.flush();
    else this.#soon();
  }

  #control(length: number, type: number, flags: number, stream: number): void {
    if (this.#outbox.backlog > limits.maxBacklog + limits.maxUnread) this.#unread();
    this.#outbox.header(length, type, flags, stream);
    this.#soon();
  }

  #soon(): void {
    if (this.#dirty || this.#closed) return;
    this.#dirty = true;
    flushSoon(this);
  }
}
