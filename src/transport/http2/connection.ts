import type { Socket } from "node:net";
import { ConnectionWindow } from "./connection-window.js";
import { errorCode, maxStreamId } from "./constants.js";
import { Http2Error } from "./error.js";
import { Floods } from "./floods.js";
import { FrameReader } from "./frame-reader.js";
import { FrameWriter } from "./frame-writer.js";
import { type Headers, requireSendable } from "./header-check.js";
import type { HeaderField } from "./hpack/header-field.js";
import { Intake } from "./intake.js";
import { Pings } from "./pings.js";
import { Receiver, type ReceiverHost } from "./receiver.js";
import { Sender } from "./sender.js";
import { limits, ownSettings } from "./settings.js";
import { Http2Stream, type StreamHost } from "./stream.js";
import { StreamTable } from "./stream-table.js";

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
export class Http2Connection implements StreamHost, ReceiverHost {
  readonly isClient: boolean;
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #writer: FrameWriter;
  readonly #sender: Sender;
  readonly #window: ConnectionWindow;
  readonly #intake: Intake;
  readonly #pings = new Pings();
  readonly #streams: StreamTable;
  #unopened: { readonly stream: Http2Stream; readonly fields: readonly HeaderField[] }[] = [];
  #draining: "no" | "announced" | "yes" = "no";
  #peerDraining = false;
  #over = false;

  constructor(
    socket: Socket,
    options: { readonly isClient: boolean; readonly encrypted: boolean },
    events: ConnectionEvents,
  ) {
    const { isClient } = options;
    const floods = new Floods();
    this.#socket = socket;
    this.#events = events;
    this.isClient = isClient;
    this.#streams = new StreamTable(isClient);
    this.#writer = new FrameWriter(socket, options.encrypted, () => this.#unread());
    this.#sender = new Sender(this.#writer, floods);
    this.#window = new ConnectionWindow((credit) => this.#writer.windowUpdate(0, credit));
    const parts = { sender: this.#sender, writer: this.#writer, window: this.#window, pings: this.#pings, floods };
    const receiver = new Receiver({ ...parts, isClient, streams: this.#streams }, this);
    const reader = new FrameReader(receiver, { ...limits, maxFrame: ownSettings.maxFrameSize }, !isClient);
    this.#intake = new Intake(socket, reader, (error) => this.#broken(error));
    socket.on("drain", () => this.#sender.pump());
    socket.on("end", () => this.#lost());
    socket.on("error", () => {});
    socket.on("close", () => this.#lost());
    socket.on("data", (chunk: Buffer) => this.receive(chunk));
    this.#writer.greeting(isClient);
    if (isClient) this.trust();
  }

  /** Whether new calls can be opened. */
  get usable(): boolean {
    return !this.#over && !this.#peerDraining && this.#draining === "no" && !this.#streams.exhausted;
  }

  get closed(): boolean {
    return this.#over;
  }

  /** Calls that are open, or wait to be. */
  get calls(): number {
    return this.#streams.size + this.#unopened.length;
  }

  /** Bytes that were received and not looked at yet. */
  get unhandled(): number {
    return this.#intake.waiting;
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
      this.#writer.goaway(this.#streams.lastPeer, errorCode.noError, "");
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

  /** Bytes of the socket. */
  receive(chunk: Buffer): void {
    this.#intake.push(chunk);
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
    this.#streams.wasReset(stream.id);
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

  // what frames ask for

  newStream(id: number): Http2Stream {
    const stream = new Http2Stream(this, this.#sender.settings.initialWindowSize);
    stream.id = id;
    return stream;
  }

  get takesStreams(): boolean {
    return this.#draining !== "yes";
  }

  opened(stream: Http2Stream, headers: Headers): void {
    this.#events.opened(stream, headers);
  }

  settled(first: boolean): void {
    if (first) this.#events.ready();
    this.#openWaiting();
  }

  goaway(last: number): void {
    this.#peerDraining = true;
    for (const stream of this.#streams.all()) {
      if (this.#streams.isOwn(stream.id) && stream.id > last) stream.close(errorCode.refusedStream);
    }
    for (const { stream } of [...this.#unopened]) stream.close(errorCode.refusedStream);
    this.#events.goaway();
    this.#closeWhenIdle();
  }

  /** Opens calls that wait, as far as the peer takes them. */
  #openWaiting(): void {
    while (this.#unopened.length > 0 && this.#streams.size < this.#sender.settings.maxConcurrentStreams) {
      const { stream, fields } = this.#unopened.shift()!;
      this.#streams.open(stream);
      this.#sender.sendHeaders(stream.id, fields, false);
      this.#sender.pend(stream);
    }
  }

  // the end

  #closeWhenIdle(): void {
    if (this.#over || this.calls > 0) return;
    if (this.#draining === "yes" || (this.#peerDraining && this.isClient)) this.#end(errorCode.noError, "", null);
  }

  #unread(): void {
    this.#end(null, "", new Http2Error(errorCode.enhanceYourCalm, "the peer does not read what it asks for"));
  }

  /** Of an error that is not HTTP/2's, the peer learns nothing and the process everything. */
  #broken(error: unknown): void {
    if (error instanceof Http2Error) {
      this.#end(error.code, error.message, error);
      return;
    }
    this.#end(
      errorCode.internalError,
      "",
      new Http2Error(errorCode.internalError, "a reader of this connection failed"),
    );
    throw error;
  }

  #lost(): void {
    // The peer's last words count, too.
    if (!this.#over) this.#intake.finish();
    this.#end(null, "", null);
  }

  /** Says why (null: nothing can be said), tells every stream, and closes the socket. */
  #end(code: number | null, words: string, error: Http2Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#intake.close();
    if (code !== null && !this.#socket.destroyed) {
      this.#writer.goaway(this.#streams.lastPeer, code, words);
      this.#writer.flush();
    }
    this.#writer.close();
    for (const stream of this.#streams.all()) stream.close(null);
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
