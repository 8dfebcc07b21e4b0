import type { ConnectionWindow } from "./connection-window.js";
import { errorCode, frameFlag, frameType, maxStreamId, maxWindow } from "./constants.js";
import { Http2Error } from "./error.js";
import type { Floods } from "./floods.js";
import type { FrameSink } from "./frame-reader.js";
import type { FrameWriter } from "./frame-writer.js";
import { checkedHeaders, contentLengthOf, type Headers } from "./header-check.js";
import type { HeaderField } from "./hpack/header-field.js";
import { HpackDecoder } from "./hpack/hpack-decoder.js";
import type { Pings } from "./pings.js";
import type { Sender } from "./sender.js";
import { limits, ownSettings } from "./settings.js";
import type { Http2Stream } from "./stream.js";
import type { StreamTable } from "./stream-table.js";

/** The parts of a connection that frames act on. */
export interface ReceiverParts {
  readonly isClient: boolean;
  readonly streams: StreamTable;
  readonly sender: Sender;
  readonly writer: FrameWriter;
  readonly window: ConnectionWindow;
  readonly pings: Pings;
  readonly floods: Floods;
}

/** What frames ask of the connection itself. */
export interface ReceiverHost {
  /** A stream for the peer's call, not in the table yet. */
  newStream(id: number): Http2Stream;
  /** Whether calls of the peer's are still taken. */
  readonly takesStreams: boolean;
  opened(stream: Http2Stream, headers: Headers): void;
  /** SETTINGS came; the first of them say that the peer speaks HTTP/2. */
  settled(first: boolean): void;
  /** The peer takes no calls beyond that stream. */
  goaway(last: number): void;
}

/** The receiving half of a connection: what each frame means, and which may not be. Throws Http2Error. */
export class Receiver implements FrameSink {
  readonly #parts: ReceiverParts;
  readonly #host: ReceiverHost;
  readonly #decoder = new HpackDecoder({
    maxTableSize: ownSettings.headerTableSize,
    maxListSize: ownSettings.maxHeaderListSize,
    maxFields: limits.maxHeaderFields,
  });
  #gotSettings = false;
  /** When our SETTINGS went out: their answer shows the round trip. 0: it came. */
  #greetedAt = performance.now();
  /** The DATA frame that is being read: its stream, its length, and what of it was not told. */
  #stream: Http2Stream | null = null;
  #length = 0;
  #left = 0;

  constructor(parts: ReceiverParts, host: ReceiverHost) {
    this.#parts = parts;
    this.#host = host;
  }

  dataBegins(id: number, length: number): void {
    const { isClient, streams, window } = this.#parts;
    this.#requireSettings();
    window.arrive(length);
    this.#length = length;
    this.#left = length;
    this.#stream = null;
    const stream = streams.get(id);
    if (stream === undefined) {
      // As much as a window may be under way to a stream that we reset: no flood, whatever the number of frames.
      streams.requireReset(id, "DATA");
      window.taken(length);
      return;
    }
    if (!stream.window.arrive(length)) {
      throw new Http2Error(errorCode.flowControlError, "more than a stream's window");
    }
    if (stream.remoteEnded || (isClient && !stream.gotHeaders)) {
      this.#streamError(stream, stream.remoteEnded ? errorCode.streamClosed : errorCode.protocolError);
      window.taken(length);
      return;
    }
    this.#stream = stream;
  }

  data(chunk: Buffer, from: number, to: number): void {
    const stream = this.#stream;
    if (stream === null) return;
    const length = to - from;
    this.#left -= length;
    // Whoever got the first piece may have reset the stream.
    if (stream.detached) this.#parts.window.taken(length);
    else {
      if (stream.expected !== null) stream.expected -= length;
      stream.receive(chunk, from, to);
    }
  }

  dataEnds(endStream: boolean): void {
    const stream = this.#stream;
    const told = stream === null ? this.#length : this.#length - this.#left;
    // Nothing, or padding alone.
    if (told === 0 && !endStream) this.#parts.floods.count("empty DATA");
    if (stream === null) return;
    this.#stream = null;
    if (this.#left > 0) stream.skip(this.#left);
    if (endStream && !stream.detached) this.#remoteEnds(stream);
  }

  headers(id: number, endStream: boolean, block: Buffer): void {
    const { floods, isClient, streams } = this.#parts;
    this.#requireSettings();
    // The table must see every block, whatever becomes of it.
    const fields = this.#decoder.decode(block);
    const stream = streams.get(id);
    if (stream !== undefined) this.#moreHeaders(stream, fields, endStream);
    else if (streams.isOwn(id) || (!isClient && id <= streams.lastPeer)) {
      floods.count("meaningless frames");
      streams.requireReset(id, "HEADERS");
    } else if (isClient) throw new Http2Error(errorCode.protocolError, `the server opened stream ${id}`);
    else this.#accept(id, fields, endStream);
  }

  frame(type: number, flags: number, id: number, payload: Buffer): void {
    const { floods, pings, writer } = this.#parts;
    const ack = (flags & frameFlag.ack) !== 0;
    if (type === frameType.settings) return this.#settings(ack, payload);
    this.#requireSettings();
    switch (type) {
      case frameType.windowUpdate:
        return this.#windowUpdate(id, payload.readUInt32BE(0) & maxWindow);
      case frameType.ping:
        if (ack) return pings.end(payload, performance.now());
        floods.count("PING");
        return writer.ping(payload, true);
      case frameType.rstStream:
        return this.#reset(id, payload.readUInt32BE(0));
      case frameType.goaway:
        return this.#host.goaway(payload.readUInt32BE(0) & maxStreamId);
      case frameType.pushPromise:
        throw new Http2Error(errorCode.protocolError, "PUSH_PROMISE, which we switched off");
      default:
        floods.count("meaningless frames");
    }
  }

  ignored(): void {
    this.#requireSettings();
    this.#parts.floods.count("meaningless frames");
  }

  #requireSettings(): void {
    if (!this.#gotSettings) throw new Http2Error(errorCode.protocolError, "the first frame is not SETTINGS");
  }

  #settings(ack: boolean, payload: Buffer): void {
    const { floods, isClient, pings, sender, streams, writer } = this.#parts;
    if (ack) {
      if (payload.length > 0) throw new Http2Error(errorCode.frameSizeError, "an answer to SETTINGS that says more");
      this.#requireSettings();
      if (this.#greetedAt > 0) pings.measured(performance.now() - this.#greetedAt);
      this.#greetedAt = 0;
      return;
    }
    floods.count("SETTINGS");
    sender.update(payload, isClient, streams.all());
    writer.settingsAck();
    const first = !this.#gotSettings;
    this.#gotSettings = true;
    this.#host.settled(first);
  }

  #windowUpdate(id: number, credit: number): void {
    const { floods, sender, streams } = this.#parts;
    floods.count("WINDOW_UPDATE");
    if (id === 0) {
      if (credit === 0) throw new Http2Error(errorCode.protocolError, "WINDOW_UPDATE by nought");
      return sender.allow(credit);
    }
    const stream = streams.get(id);
    if (stream === undefined) return this.#requireOpened(id, "WINDOW_UPDATE");
    if (credit === 0) return this.#streamError(stream, errorCode.protocolError);
    if (stream.sendWindow + credit > maxWindow) return this.#streamError(stream, errorCode.flowControlError);
    stream.sendWindow += credit;
    sender.pend(stream);
  }

  #reset(id: number, code: number): void {
    this.#requireOpened(id, "RST_STREAM");
    this.#countReset();
    this.#parts.streams.get(id)?.close(code);
  }

  /** A stream that the peer opens. */
  #accept(id: number, fields: readonly HeaderField[] | null, endStream: boolean): void {
    const { streams } = this.#parts;
    if (id % 2 === 0) throw new Http2Error(errorCode.protocolError, `HEADERS on stream ${id}`);
    streams.lastPeer = id;
    const stream = this.#host.newStream(id);
    const headers = fields === null ? null : checkedHeaders(fields, "request");
    const length = headers === null ? undefined : contentLengthOf(headers);
    if (headers === null || length === undefined) {
      return this.#streamError(stream, fields === null ? errorCode.enhanceYourCalm : errorCode.protocolError);
    }
    if (!this.#host.takesStreams || streams.size >= ownSettings.maxConcurrentStreams) {
      return this.#streamError(stream, errorCode.refusedStream);
    }
    stream.expected = length;
    stream.gotHeaders = true;
    streams.add(stream);
    this.#host.opened(stream, headers);
    if (endStream && !stream.detached) this.#remoteEnds(stream);
  }

  /** The response, or trailers of either side. */
  #moreHeaders(stream: Http2Stream, fields: readonly HeaderField[] | null, endStream: boolean): void {
    if (stream.remoteEnded) return this.#streamError(stream, errorCode.streamClosed);
    const isResponse = this.#parts.isClient && !stream.gotHeaders;
    const headers = fields === null ? null : checkedHeaders(fields, isResponse ? "response" : "trailers");
    if (headers === null || (!isResponse && !endStream)) {
      return this.#streamError(stream, fields === null ? errorCode.enhanceYourCalm : errorCode.protocolError);
    }
    if (!isResponse) stream.owner.trailers(headers);
    else {
      const length = contentLengthOf(headers);
      const informational = headers[":status"]!.startsWith("1");
      if (length === undefined || (informational && endStream)) {
        return this.#streamError(stream, errorCode.protocolError);
      }
      // "Early hints" and the like: the response itself is still to come.
      if (informational) return;
      stream.gotHeaders = true;
      stream.expected = length;
      stream.owner.headers(headers);
    }
    if (endStream && !stream.detached) this.#remoteEnds(stream);
  }

  #remoteEnds(stream: Http2Stream): void {
    // An answer to HEAD would be an exception, and nobody asks HEAD here.
    if (stream.expected !== null && stream.expected !== 0) this.#streamError(stream, errorCode.protocolError);
    else stream.endedRemotely();
  }

  #requireOpened(id: number, what: string): void {
    if (this.#parts.streams.isIdle(id)) {
      throw new Http2Error(errorCode.protocolError, `${what} on stream ${id}, which was never opened`);
    }
  }

  #streamError(stream: Http2Stream, code: number): void {
    // Provoking a reset costs the peer no more than to send one.
    this.#countReset();
    stream.reset(code);
  }

  /** A server's resets are no attack on its client, who opened the calls: a gateway may end thousands of lanes at once. */
  #countReset(): void {
    if (!this.#parts.isClient) this.#parts.floods.count("RST_STREAM");
  }
}
