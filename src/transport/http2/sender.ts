import { defaultWindow, errorCode, maxWindow } from "./constants.js";
import { Http2Error } from "./error.js";
import type { Floods } from "./floods.js";
import type { FrameWriter } from "./frame-writer.js";
import type { HeaderField } from "./hpack/header-field.js";
import { HpackEncoder } from "./hpack/hpack-encoder.js";
import { limits, PeerSettings } from "./settings.js";
import type { Http2Stream } from "./stream.js";

/** The sending half of a connection: the peer's windows, and whose turn it is when not all can send. */
export class Sender {
  readonly settings = new PeerSettings();
  readonly #writer: FrameWriter;
  readonly #floods: Floods;
  readonly #encoder = new HpackEncoder();
  #window = defaultWindow;
  /** Streams with something to send, in the order of their turns. */
  #pending: Http2Stream[] = [];
  #pumping = false;
  /** The longest DATA frame that we send and the peer takes. */
  #maxFrame = Math.min(this.settings.maxFrameSize, limits.maxDataFrame);

  constructor(writer: FrameWriter, floods: Floods) {
    this.#writer = writer;
    this.#floods = floods;
  }

  /** The peer's SETTINGS; `streams` are those that are open. Throws Http2Error. */
  update(payload: Buffer, peerIsServer: boolean, streams: Iterable<Http2Stream>): void {
    const { settings } = this;
    const before = { ...settings };
    settings.update(payload, peerIsServer);
    this.#maxFrame = Math.min(settings.maxFrameSize, limits.maxDataFrame);
    if (settings.headerTableSize !== before.headerTableSize) this.#encoder.limit(settings.headerTableSize);
    const change = settings.initialWindowSize - before.initialWindowSize;
    if (change === 0) return;
    for (const stream of streams) {
      if (stream.sendWindow + change > maxWindow) throw overflow();
      stream.sendWindow += change;
      if (change > 0) this.pend(stream);
    }
  }

  /** WINDOW_UPDATE for the connection. Throws Http2Error. */
  allow(credit: number): void {
    if (this.#window + credit > maxWindow) throw overflow();
    this.#window += credit;
    this.pump();
  }

  sendNow(stream: Http2Stream, prefix: Uint8Array, prefixLength: number, payload: Uint8Array): boolean {
    const length = prefixLength + payload.length;
    if (length > this.#maxFrame || length > stream.sendWindow || length > this.#window || stream.id === 0) return false;
    if (stream.pending || this.#writer.congested) return false;
    stream.sendWindow -= length;
    this.#window -= length;
    const outbox = this.#writer.data(stream.id, length, false);
    outbox.bytes(prefix, 0, prefixLength);
    outbox.bytes(payload, 0, payload.length);
    this.#floods.sentData();
    this.#writer.dataDone();
    return true;
  }

  /** The stream has something to send, or its window opened. */
  pend(stream: Http2Stream): void {
    if (stream.id === 0 || stream.detached || stream.localEnded) return;
    // No window counts what ends a stream.
    if (stream.queue.bytes === 0) {
      if (stream.queue.ending) this.#end(stream);
      return;
    }
    if (stream.pending || stream.sendWindow <= 0) return;
    stream.pending = true;
    this.#pending.push(stream);
    this.pump();
  }

  /** Sends what windows and socket let go, a piece of each stream in turn; a stream that cannot go on leaves the row. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#pending.length > 0 && this.#open) {
      const row = this.#pending;
      this.#pending = [];
      let at = 0;
      for (; at < row.length && this.#open; at++) {
        const stream = row[at]!;
        stream.pending = false;
        this.#turn(stream);
      }
      if (at < row.length) this.#pending = row.slice(at).concat(this.#pending);
    }
    this.#pumping = false;
  }

  get #open(): boolean {
    return this.#window > 0 && !this.#writer.congested;
  }

  sendHeaders(stream: number, fields: readonly HeaderField[], endStream: boolean): void {
    this.#writer.headers(stream, this.#encoder.encode(fields), endStream, this.settings.maxFrameSize);
  }

  #turn(stream: Http2Stream): void {
    if (stream.detached) return;
    const { queue } = stream;
    const length = Math.min(queue.bytes, limits.quantum, this.#maxFrame, stream.sendWindow, this.#window);
    if (length > 0) {
      stream.sendWindow -= length;
      this.#window -= length;
      const last = length === queue.bytes && queue.ending && queue.trailers === null;
      queue.moveTo(this.#writer.data(stream.id, length, last), length);
      this.#floods.sentData();
      this.#writer.dataDone();
      if (last) return stream.endedLocally();
      stream.sent();
    }
    this.pend(stream);
  }

  #end(stream: Http2Stream): void {
    const { trailers } = stream.queue;
    if (trailers !== null) this.sendHeaders(stream.id, trailers, true);
    else {
      this.#writer.data(stream.id, 0, true);
      this.#writer.dataDone();
    }
    stream.endedLocally();
  }
}

function overflow(): Http2Error {
  return new Http2Error(errorCode.flowControlError, "a window beyond 2^31-1 bytes");
}
