import { errorCode } from "./constants.js";
import type { Headers } from "./header-check.js";
import { HeldBytes } from "./held-bytes.js";
import type { HeaderField } from "./hpack/header-field.js";
import { ReceiveWindow } from "./receive-window.js";
import { SendQueue } from "./send-queue.js";
import { ownSettings } from "./settings.js";
import { heldByReaders } from "./window-budget.js";

/** Whoever reads a stream. Calls never nest into a call of the stream's own, but for `closed` after `reset`. */
export interface StreamOwner {
  /** Of a response. */
  headers(headers: Headers): void;
  trailers(headers: Headers): void;
  /** `chunk` from `from` to `to`, which the receiver owns. Not called while held. */
  data(chunk: Buffer, from: number, to: number): void;
  /** The peer's half is over, and all that it sent was told. */
  ended(): void;
  /** After a `write` that answered false. */
  drained(): void;
  /** Our half is over, and all of it was sent. */
  finished(): void;
  /** The last call. 0: in order; another number: reset with that code; null: the connection is gone. */
  closed(code: number | null): void;
}

/** What a stream needs of its connection. */
export interface StreamHost {
  /** Sends a whole message now if windows and socket let it. False: nothing was sent. */
  sendNow(stream: Http2Stream, prefix: Uint8Array, prefixLength: number, payload: Uint8Array): boolean;
  /** The stream has something queued: data, headers or its end. */
  pend(stream: Http2Stream): void;
  sendHeaders(stream: Http2Stream, fields: readonly HeaderField[], endStream: boolean): void;
  sendReset(stream: Http2Stream, code: number): void;
  sendCredit(stream: Http2Stream): void;
  /** Bytes left the memory of this process, as far as this stream is concerned. */
  consumed(bytes: number): void;
  detach(stream: Http2Stream): void;
}

/** One HTTP/2 stream: its two halves, its two windows, and the bytes that wait on either side. */
export class Http2Stream {
  /** 0 while the peer's limit of streams keeps it from being opened. */
  id = 0;
  owner: StreamOwner = nobody;
  readonly window = new ReceiveWindow(ownSettings.initialWindowSize);
  /** What the peer lets us send; below nought after its SETTINGS took some back. */
  sendWindow: number;
  readonly queue = new SendQueue();
  /** Whether the connection has it among those that wait for their turn. */
  pending = false;
  remoteEnded = false;
  localEnded = false;
  detached = false;
  /** Bytes that the peer declared and has not sent; null: it declared none. */
  expected: number | null = null;
  gotHeaders = false;
  readonly #host: StreamHost;
  #held = true;
  #waiting: HeldBytes | null = null;
  /** Bytes in `#waiting`, which the budget of the process knows of. */
  #heldBytes = 0;
  #endWaits = false;
  #endTold = false;
  #discards = false;
  #delivering = false;
  #wantsDrain = false;
  /** Undefined: not yet. */
  #closeCode: number | null | undefined;
  #closeTold = false;
  #whenClosed: (() => void) | null = null;

  constructor(host: StreamHost, sendWindow: number) {
    this.#host = host;
    this.sendWindow = sendWindow;
  }

  /** Whether nothing can be sent or received on it any more. */
  get closed(): boolean {
    return this.detached;
  }

  /** Bytes that were written and wait for a window or the socket. */
  get unsent(): number {
    return this.queue.bytes;
  }

  /** For one more listener than the owner. */
  onClosed(listener: () => void): void {
    this.#whenClosed = listener;
  }

  // the owner's side

  /** Headers that do not end the stream, or do. */
  sendHeaders(fields: readonly HeaderField[], endStream: boolean): void {
    if (this.detached || this.localEnded) return;
    if (this.id === 0) throw new Error("a stream that is not open takes no headers");
    this.#host.sendHeaders(this, fields, endStream);
    if (endStream) this.endedLocally();
  }

  /** A message: a prefix, which is copied, and a payload, which is the stream's from here on. False: wait for `drained`. */
  write(prefix: Uint8Array, prefixLength: number, payload: Uint8Array): boolean {
    if (this.detached || this.localEnded || this.queue.ending) return true;
    if (this.queue.isEmpty && this.#host.sendNow(this, prefix, prefixLength, payload)) return true;
    this.queue.add(prefix, prefixLength, payload);
    this.#host.pend(this);
    if (this.queue.bytes <= roomWhenBlocked) return true;
    this.#wantsDrain = true;
    return false;
  }

  /** Ends our half behind what was written, with trailers or without. */
  end(trailers: readonly HeaderField[] | null): void {
    if (this.detached || this.localEnded || this.queue.ending) return;
    this.queue.end(trailers);
    this.#host.pend(this);
  }

  /** What was written and not sent is not wanted any more. */
  dropUnsent(): void {
    this.queue.clear();
  }

  /** Gives the stream up, whatever is still to be sent. */
  reset(code: number): void {
    if (this.detached) return;
    this.#host.sendReset(this, code);
    this.close(code);
  }

  hold(): void {
    this.#held = true;
  }

  read(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#delivering || (this.#waiting === null && !this.#endWaits)) return;
    // Not from inside of the owner's own call.
    this.#delivering = true;
    process.nextTick(() => {
      this.#delivering = false;
      this.#deliver();
    });
  }

  /** Nobody reads any more: what comes is thrown away, so that the stream can end. */
  discard(): void {
    this.#discards = true;
    this.#held = false;
    this.#drop();
    if (this.#endWaits || this.#closeCode !== undefined) this.#deliver();
  }

  // the connection's side

  receive(chunk: Buffer, from: number, to: number): void {
    if (this.#discards) {
      this.#credit(to - from);
      return;
    }
    if (!this.#held && this.#waiting === null) {
      this.owner.data(chunk, from, to);
      this.#credit(to - from);
      return;
    }
    if (!heldByReaders.take(to - from)) {
      this.reset(errorCode.enhanceYourCalm);
      return;
    }
    this.#heldBytes += to - from;
    this.#waiting ??= new HeldBytes();
    this.#waiting.add(chunk.subarray(from, to));
  }

  /** Padding, which nobody reads. */
  skip(bytes: number): void {
    this.#credit(bytes);
  }

  endedRemotely(): void {
    this.remoteEnded = true;
    this.#endWaits = true;
    if (!this.#held && this.#waiting === null && !this.#delivering) this.#deliver();
    if (this.localEnded) this.close(0);
  }

  endedLocally(): void {
    this.localEnded = true;
    if (this.remoteEnded) this.close(0);
    else this.owner.finished();
  }

  /** The queue has room again. */
  sent(): void {
    if (!this.#wantsDrain || this.queue.bytes > roomToGoOn) return;
    this.#wantsDrain = false;
    this.owner.drained();
  }

  /** Both halves are over. In order, the owner still gets what it has not taken; otherwise it is dropped. */
  close(code: number | null): void {
    if (this.#closeCode !== undefined) return;
    this.#closeCode = code;
    this.#detach();
    if (code !== 0 || !this.remoteEnded) {
      this.#drop();
      this.#endWaits = false;
    }
    if (!this.#held || !this.#endWaits) this.#deliver();
  }

  #detach(): void {
    if (this.detached) return;
    this.detached = true;
    this.queue.clear();
    this.window.close();
    this.#host.detach(this);
    const tell = this.#whenClosed;
    this.#whenClosed = null;
    tell?.();
  }

  /** What waits, then the end, then that it is over; as far as the owner takes it. */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    while (!this.#held && this.#waiting !== null) {
      const chunk = this.#waiting.take();
      if (chunk === null) {
        this.#waiting = null;
        break;
      }
      heldByReaders.give(chunk.length);
      this.#heldBytes -= chunk.length;
      if (!this.#discards) this.owner.data(chunk, 0, chunk.length);
      this.#credit(chunk.length);
    }
    this.#delivering = false;
    if (this.#waiting !== null) return;
    if (this.#endWaits) {
      if (this.#held) return;
      this.#endWaits = false;
      if (!this.#endTold && !this.#discards) {
        this.#endTold = true;
        this.owner.ended();
      }
    }
    if (this.#closeCode === undefined || this.#closeTold) return;
    this.#closeTold = true;
    this.owner.closed(this.#closeCode);
  }

  #credit(bytes: number): void {
    this.#host.consumed(bytes);
    if (this.detached || this.remoteEnded) return;
    if (this.window.take(bytes)) this.#host.sendCredit(this);
  }

  #drop(): void {
    if (this.#waiting === null) return;
    this.#waiting = null;
    heldByReaders.give(this.#heldBytes);
    this.#credit(this.#heldBytes);
    this.#heldBytes = 0;
  }
}

/** What may wait here before `write` answers false, and from where on the writer may go on. */
const roomWhenBlocked = 128 * 1024;
const roomToGoOn = 32 * 1024;

const nobody: StreamOwner = {
  headers() {},
  trailers() {},
  data() {},
  ended() {},
  drained() {},
  finished() {},
  closed() {},
};
