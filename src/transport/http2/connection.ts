import type { Socket } from "node:net";
import { readBegins, readEnds } from "../turn.js";
import { ConnectionWindow } from "./connection-window.js";
import { errorCode, frameFlag, frameType, maxStreamId, maxWindow } from "./constants.js";
import { Http2Error } from "./error.js";
import { Floods } from "./floods.js";
import { FrameReader, type FrameSink } from "./frame-reader.js";
import { FrameWriter } from "./frame-writer.js";
import { checkedHeaders, contentLengthOf, type Headers, requireSendable } from "./header-check.js";
import type { HeaderField } from "./hpack/header-field.js";
import { HpackDecoder } from "./hpack/hpack-decoder.js";
import { Pings } from "./pings.js";
import { RecentResets } from "./recent-resets.js";
import { Sender } from "./sender.js";
import { limits, ownSettings } from "./settings.js";
import { Http2Stream, type StreamHost } from "./stream.js";

/** What a connection tells. */
export interface ConnectionEvents {
  /** The peer's SETTINGS came: it speaks HTTP/2. */
  ready(): void;
  /** A call of the peer's; only a server is told. The owner is set before this returns. */
  opened(stream: Http2Stream, headers: Headers): void;
  /** The peer takes no more calls. */
  goaway(): void;
  /** The last call. Null: nobody broke anything. */
  closed(error: Http2Error | null): void;
}

/** After the last word: how long the peer may take to read it. */
const lingerMs = 1000;
/** Between the announcement that we are going and the refusal of new streams, when no answer to a ping says it earlier. */
const drainMs = 1000;
/** Calls that wait until the peer's limit of streams lets them be opened. */
const maxUnopened = 10_000;

/** One HTTP/2 connection over a connected socket, either end of it. Nobody else reads or writes the socket. */
export class Http2Connection implements FrameSink, StreamHost {
  readonly isClient: boolean;
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #floods = new Floods();
  readonly #writer: FrameWriter;
  readonly #sender: Sender;
  readonly #window: ConnectionWindow;
  readonly #reader: FrameReader;
  readonly #decoder = new HpackDecoder({
    maxTableSize: ownSettings.headerTableSize,
    maxListSize: ownSettings.maxHeaderListSize,
    maxFields: limits.maxHeaderFields,
  });
  readonly #pings = new Pings();
  readonly #streams = new Map<number, Http2Stream>();
  readonly #resets = new RecentResets();
  #unopened: { readonly stream: Http2Stream; readonly fields: readonly HeaderField[] }[] = [];
  /** The last stream that each side opened. */
  #lastPeer = 0;
  #lastOwn: number;
  #gotSettings = false;
  #draining: "no" | "announced" | "yes" = "no";
  #peerDraining = false;
  #over = false;
  /** The DATA frame that is being read: its stream, and what of its length was not told. */
  #dataStream: Http2Stream | null = null;
  #dataLeft = 0;
  #dataLength = 0;
  #settingsSentAt = 0;
  readonly #enough = () => this.#over;

  constructor(
    socket: Socket,
    options: { readonly isClient: boolean; readonly encrypted: boolean },
    events: ConnectionEvents,
  ) {
    this.#socket = socket;
    this.#events = events;
    this.isClient = options.isClient;
    this.#lastOwn = this.isClient ? -1 : 0;
    this.#writer = new FrameWriter(socket, options.encrypted, () => this.#unread());
    this.#sender = new Sender(this.#writer, this.#floods);
    this.#window = new ConnectionWindow((credit) => this.#writer.windowUpdate(0, credit));
    this.#reader = new FrameReader(this, { ...limits, maxFrame: ownSettings.maxFrameSize }, !this.isClient);
    socket.on("drain", () => this.#sender.pump());
    socket.on("end", () => this.#lost());
    socket.on("error", () => {});
    socket.on("close", () => this.#lost());
    socket.on("data", (chunk: Buffer) => this.receive(chunk));
    this.#writer.greeting(this.isClient);
    this.#settingsSentAt = performance.now();
    if (this.isClient) this.trust();
  }

  /** Whether new calls can be opened. */
  get usable(): boolean {
    return !this.#over && !this.#peerDraining && this.#draining === "no" && this.#lastOwn < maxStreamId - 1;
  }

  get closed(): boolean {
    return this.#over;
  }

  get streams(): number {
    return this.#streams.size + this.#unopened.length;
  }

  /** Opens a call. Throws TypeError for headers that cannot be sent, Error when the connection is not usable. */
  request(fields: readonly HeaderField[]): Http2Stream {
    if (!this.usable || this.#unopened.length >= maxUnopened) throw new Error("the connection takes no new calls");
    requireSendable(fields);
    const stream = new Http2Stream(this, this.#sender.settings.initialWindowSize);
    this.#unopened.push({ stream, fields });
    this.#openWaiting();
    return stream;
  }

  /** The peer is more than a stranger: what it sends may be under way in earnest. */
  trust(): void {
    if (!this.#over) this.#window.raise();
  }

  /** Asks for a sign of life. */
  ping(answered: () => void): void {
    if (this.#over) return;
    const opaque = this.#pings.begin(performance.now(), answered);
    if (opaque !== null) this.#writer.ping(opaque, false);
  }

  /** No new calls, either way; closes when the open ones are over. */
  drain(): void {
    if (this.#over || this.#draining !== "no") return;
    if (this.isClient) {
      this.#draining = "yes";
      this.#writer.goaway(0, errorCode.noError, "");
      this.#closeWhenIdle();
      return;
    }
    // Calls that are under way to us must not be lost: first the news, and the limit a round trip later.
    this.#draining = "announced";
    this.#writer.goaway(maxStreamId, errorCode.noError, "");
    const last = () => {
      clearTimeout(timer);
      if (this.#over || this.#draining === "yes") return;
      this.#draining = "yes";
      this.#writer.goaway(this.#lastPeer, errorCode.noError, "");
      this.#closeWhenIdle();
    };
    const timer = setTimeout(last, drainMs);
    timer.unref();
    this.ping(last);
  }

  /** Cuts everything. */
  destroy(): void {
    this.#end(errorCode.noError, "", null);
  }

  // bytes come in

  receive(chunk: Buffer): void {
    if (this.#over) return;
    readBegins();
    try {
      this.#reader.push(chunk, 0, this.#enough);
    } catch (error) {
      if (!(error instanceof Http2Error)) {
        this.#end(
          errorCode.internalError,
          "",
          new Http2Error(errorCode.internalError, "a reader of this connection failed"),
        );
        throw error;
      }
      this.#end(error.code, error.message, error);
    } finally {
      readEnds();
    }
  }

  dataBegins(id: number, length: number): void {
    this.#requireSettings();
    this.#window.arrive(length);
    this.#dataLength = length;
    this.#dataLeft = length;
    const stream = this.#streams.get(id);
    this.#dataStream = null;
    if (stream === undefined) {
      this.#stray(id, "DATA");
      this.#window.taken(length);
      return;
    }
    if (!stream.window.arrive(length)) throw new Http2Error(errorCode.flowControlError, "more than a stream's window");
    if (stream.remoteEnded || (this.isClient && !stream.gotHeaders)) {
      this.#streamError(stream, stream.remoteEnded ? errorCode.streamClosed : errorCode.protocolError);
      this.#window.taken(length);
      return;
    }
    this.#dataStream = stream;
  }

  data(chunk: Buffer, from: number, to: number): void {
    const stream = this.#dataStream;
    if (stream === null) return;
    this.#dataLeft -= to - from;
    if (stream.detached) this.consumed(to - from);
    else {
      if (stream.expected !== null) stream.expected -= to - from;
      stream.receive(chunk, from, to);
    }
  }

  dataEnds(endStream: boolean): void {
    const stream = this.#dataStream;
    if (this.#dataLength === 0 && !endStream) this.#floods.count("empty DATA");
    if (stream === null) return;
    this.#dataStream = null;
    if (this.#dataLeft > 0) {
      if (this.#dataLeft === this.#dataLength && !endStream) this.#floods.count("empty DATA");
      stream.skip(this.#dataLeft);
    }
    if (endStream && !stream.detached) this.#remoteEnds(stream);
  }

  headers(id: number, endStream: boolean, block: Buffer): void {
    this.#requireSettings();
    // The table must see every block, whatever becomes of it.
    const fields = this.#decoder.decode(block);
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#moreHeaders(stream, fields, endStream);
    else if (this.isClient || id % 2 === 0) {
      if (this.isClient && id % 2 === 1) this.#stray(id, "HEADERS");
      else throw new Http2Error(errorCode.protocolError, `HEADERS on stream ${id}`);
    } else if (id <= this.#lastPeer) this.#stray(id, "HEADERS");
    else this.#accept(id, fields, endStream);
  }

  frame(type: number, flags: number, id: number, payload: Buffer): void {
    const ack = (flags & frameFlag.ack) !== 0;
    if (type === frameType.settings) return this.#settings(ack, payload);
    this.#requireSettings();
    switch (type) {
      case frameType.windowUpdate:
        return this.#windowUpdate(id, payload.readUInt32BE(0) & maxWindow);
      case frameType.ping:
        if (ack) return this.#pings.end(payload, performance.now());
        this.#floods.count("PING");
        return this.#writer.ping(payload, true);
      case frameType.rstStream:
        return this.#reset(id, payload.readUInt32BE(0));
      case frameType.goaway:
        return this.#goaway(payload.readUInt32BE(0) & maxStreamId);
      case frameType.pushPromise:
        throw new Http2Error(errorCode.protocolError, "PUSH_PROMISE, which we switched off");
      default:
        this.#floods.count("meaningless frames");
    }
  }

  ignored(): void {
    this.#requireSettings();
    this.#floods.count("meaningless frames");
  }

  // what streams ask for

  sendNow(stream: Http2Stream, prefix: Uint8Array, prefixLength: number, payload: Uint8Array): boolean {
    return this.#sender.sendNow(stream, prefix, prefixLength, payload);
  }

  pend(stream: Http2Stream): void {
    this.#sender.pend(stream);
  }

  sendHeaders(stream: Http2Stream, fields: readonly HeaderField[], endStream: boolean): void {
    requireSendable(fields);
    this.#sender.sendHeaders(stream.id, fields, endStream);
  }

  sendReset(stream: Http2Stream, code: number): void {
    if (stream.id === 0 || this.#over) return;
    this.#resets.add(stream.id);
    this.#writer.reset(stream.id, code);
  }

  sendCredit(stream: Http2Stream): void {
    const now = performance.now();
    // Bulk data is on its way: worth knowing how long that way is.
    if (this.#pings.isStale(now)) {
      const opaque = this.#pings.begin(now, null);
      if (opaque !== null) this.#writer.ping(opaque, false);
    }
    this.#writer.windowUpdate(stream.id, stream.window.grant(now, this.#pings.shortest));
  }

  consumed(bytes: number): void {
    if (!this.#over) this.#window.taken(bytes);
  }

  detach(stream: Http2Stream): void {
    if (stream.id === 0) this.#unopened = this.#unopened.filter((waiting) => waiting.stream !== stream);
    else this.#streams.delete(stream.id);
    if (this.#over) return;
    this.#openWaiting();
    this.#closeWhenIdle();
  }

  // one kind of frame each

  #requireSettings(): void {
    if (!this.#gotSettings) throw new Http2Error(errorCode.protocolError, "the first frame is not SETTINGS");
  }

  #settings(ack: boolean, payload: Buffer): void {
    if (ack) {
      if (payload.length > 0) throw new Http2Error(errorCode.frameSizeError, "an answer to SETTINGS that says more");
      this.#requireSettings();
      if (this.#settingsSentAt > 0) this.#pings.measured(performance.now() - this.#settingsSentAt);
      this.#settingsSentAt = 0;
      return;
    }
    this.#floods.count("SETTINGS");
    this.#sender.update(payload, this.isClient, this.#streams.values());
    this.#writer.settingsAck();
    if (this.#gotSettings) return this.#openWaiting();
    this.#gotSettings = true;
    this.#events.ready();
    this.#openWaiting();
  }

  #windowUpdate(id: number, credit: number): void {
    this.#floods.count("WINDOW_UPDATE");
    const stream = id === 0 ? null : this.#streams.get(id);
    if (stream === undefined) {
      if (this.#isIdle(id)) throw new Http2Error(errorCode.protocolError, `WINDOW_UPDATE on stream ${id}`);
      return;
    }
    if (stream === null) {
      if (credit === 0) throw new Http2Error(errorCode.protocolError, "WINDOW_UPDATE by nought");
      return this.#sender.allow(credit);
    }
    if (credit === 0) return this.#streamError(stream, errorCode.protocolError);
    if (stream.sendWindow + credit > maxWindow) return this.#streamError(stream, errorCode.flowControlError);
    stream.sendWindow += credit;
    this.#sender.pend(stream);
  }

  #reset(id: number, code: number): void {
    if (this.#isIdle(id)) throw new Http2Error(errorCode.protocolError, `RST_STREAM on stream ${id}`);
    this.#floods.count("RST_STREAM");
    const stream = this.#streams.get(id);
    stream?.close(code);
  }

  #goaway(last: number): void {
    this.#peerDraining = true;
    for (const stream of [...this.#streams.values()]) {
      if (this.#isOwn(stream.id) && stream.id > last) stream.close(errorCode.refusedStream);
    }
    for (const { stream } of [...this.#unopened]) stream.close(errorCode.refusedStream);
    this.#events.goaway();
    this.#closeWhenIdle();
  }

  /** A stream that the peer opens. */
  #accept(id: number, fields: readonly HeaderField[] | null, endStream: boolean): void {
    this.#lastPeer = id;
    const stream = new Http2Stream(this, this.#sender.settings.initialWindowSize);
    stream.id = id;
    const headers = fields === null ? null : checkedHeaders(fields, "request");
    const length = headers === null ? undefined : contentLengthOf(headers);
    if (headers === null || length === undefined) {
      return this.#streamError(stream, fields === null ? errorCode.enhanceYourCalm : errorCode.protocolError);
    }
    if (this.#draining === "yes" || this.#streams.size >= ownSettings.maxConcurrentStreams) {
      return this.#streamError(stream, errorCode.refusedStream);
    }
    stream.expected = length;
    stream.gotHeaders = true;
    this.#streams.set(id, stream);
    this.#events.opened(stream, headers);
    if (endStream && !stream.detached) this.#remoteEnds(stream);
  }

  /** The response, or trailers of either side. */
  #moreHeaders(stream: Http2Stream, fields: readonly HeaderField[] | null, endStream: boolean): void {
    if (stream.remoteEnded) return this.#streamError(stream, errorCode.streamClosed);
    const kind = this.isClient && !stream.gotHeaders ? "response" : "trailers";
    const headers = fields === null ? null : checkedHeaders(fields, kind);
    if (headers === null || (kind === "trailers" && !endStream)) {
      return this.#streamError(stream, fields === null ? errorCode.enhanceYourCalm : errorCode.protocolError);
    }
    if (kind === "trailers") stream.owner.trailers(headers);
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

  /** A frame on a stream that we do not have. */
  #stray(id: number, what: string): void {
    if (this.#isIdle(id))
      throw new Http2Error(errorCode.protocolError, `${what} on stream ${id}, which was never opened`);
    this.#floods.count("meaningless frames");
    // What we reset may have been under way to us; what ended in order may not.
    if (!this.#resets.has(id)) throw new Http2Error(errorCode.streamClosed, `${what} on stream ${id}, which is over`);
  }

  #streamError(stream: Http2Stream, code: number): void {
    // Provoking a reset costs the peer no more than to send one.
    this.#floods.count("RST_STREAM");
    stream.reset(code);
  }

  #isOwn(id: number): boolean {
    return (id % 2 === 1) === this.isClient;
  }

  #isIdle(id: number): boolean {
    return id > (this.#isOwn(id) ? this.#lastOwn : this.#lastPeer);
  }

  /** Opens calls that wait, as far as the peer takes them. */
  #openWaiting(): void {
    while (this.#unopened.length > 0 && this.#streams.size < this.#sender.settings.maxConcurrentStreams) {
      const { stream, fields } = this.#unopened.shift()!;
      this.#lastOwn += 2;
      stream.id = this.#lastOwn;
      this.#streams.set(stream.id, stream);
      this.#sender.sendHeaders(stream.id, fields, false);
      this.#sender.pend(stream);
    }
  }

  // the end

  #closeWhenIdle(): void {
    if (this.#over || this.streams > 0) return;
    if (this.#draining === "yes" || (this.#peerDraining && this.isClient)) this.#end(errorCode.noError, "", null);
  }

  #unread(): void {
    this.#end(null, "", new Http2Error(errorCode.enhanceYourCalm, "the peer does not read what it asks for"));
  }

  #lost(): void {
    this.#end(null, "", null);
  }

  /** Says why (null: nothing can be said), tells every stream, and closes the socket. */
  #end(code: number | null, words: string, error: Http2Error | null): void {
    if (this.#over) return;
    this.#over = true;
    if (code !== null && !this.#socket.destroyed) {
      this.#writer.goaway(this.#lastPeer, code, words);
      this.#writer.flush();
    }
    this.#writer.close();
    for (const stream of [...this.#streams.values()]) stream.close(null);
    for (const { stream } of this.#unopened) stream.close(null);
    if (code === null) this.#socket.destroy();
    else {
      this.#socket.end();
      const linger = setTimeout(() => this.#socket.destroy(), lingerMs);
      this.#socket.once("close", () => clearTimeout(linger));
    }
    this.#events.closed(error);
  }
}
