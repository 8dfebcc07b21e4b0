import { Duplex } from "node:stream";
import { TransportError } from "../error.js";
import type { Pipe, PipeAbort } from "../pipe.js";

/** So many bytes are put together rather than sent as several messages. */
const joinUpTo = 64 * 1024;

const closedByOwner: PipeAbort = { code: "cancelled", text: "closed by its owner" };

class PipeDuplex extends Duplex {
  readonly #pipe: Pipe;
  #written: (() => void) | null = null;
  #reading = false;
  #closed = false;
  #abandoned = false;

  constructor(pipe: Pipe, head: Buffer | null, onClosed: (abort: PipeAbort | null) => void) {
    super({ allowHalfOpen: true, autoDestroy: true });
    this.#pipe = pipe;
    if (head !== null && head.length > 0) this.push(head);
    pipe.pause();
    pipe.start({
      data: (chunk) => {
        if (this.push(chunk)) return;
        this.#reading = false;
        pipe.pause();
      },
      end: () => this.push(null),
      drain: () => this.#release(),
      closed: (abort) => {
        this.#closed = true;
        // Our own abort comes back here too, and is no news.
        if (!this.#abandoned) onClosed(abort);
        if (abort !== null) this.destroy(new TransportError(abort.code, abort.text));
        else this.#release();
      },
    });
  }

  #release(): void {
    const written = this.#written;
    this.#written = null;
    written?.();
  }

  override _read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#pipe.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: () => void): void {
    if (this.#pipe.write(chunk)) written();
    else this.#written = written;
  }

  /** Head and body, or records, that were written together: as one message they cost each hop one system call. */
  override _writev(chunks: { chunk: Buffer }[], written: () => void): void {
    let bytes = 0;
    for (const { chunk } of chunks) bytes += chunk.length;
    let more = true;
    if (bytes <= joinUpTo) {
      const joined = Buffer.allocUnsafe(bytes);
      let at = 0;
      for (const { chunk } of chunks) {
        joined.set(chunk, at);
        at += chunk.length;
      }
      more = this.#pipe.write(joined);
    } else for (const { chunk } of chunks) more = this.#pipe.write(chunk);
    if (more) written();
    else this.#written = written;
  }

  override _final(ended: () => void): void {
    this.#pipe.end();
    ended();
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    // Both sides ended: what was written is still on its way, and closes by itself.
    const orderly = error === null && this.readableEnded && this.writableFinished;
    if (!orderly) {
      this.#abandoned = true;
      const reason = error instanceof TransportError ? error.abort : closedByOwner;
      // Whoever destroyed the stream may know a better reason, and aborts the pipe itself in this turn.
      setImmediate(() => {
        if (!this.#closed) this.#pipe.abort(reason);
      });
    }
    destroyed(error);
  }

  // What database drivers call on the socket that they are given. The pipe is connected already.

  connect(): this {
    process.nextTick(() => this.emit("connect"));
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/**
 * Starts the pipe and shows it as a Node stream, for libraries that want one: TLS, `pg`. `head` is read first. The
 * socket methods that drivers call (`connect`, `setNoDelay`, `ref` …) exist; `connect` only emits `connect`.
 *
 * @example new pg.Client({ user, password, database, stream: () => pipeDuplex(pipe), ssl: false });
 */
export function pipeDuplex(
  pipe: Pipe,
  options: { readonly head?: Buffer | null; readonly onClosed?: (abort: PipeAbort | null) => void } = {},
): Duplex {
  return new PipeDuplex(pipe, options.head ?? null, options.onClosed ?? (() => {}));
}
