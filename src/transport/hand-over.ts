import type { Pipe, PipeAbort, PipeSink } from "./pipe.js";

/** A running pipe as one that was not started yet. */
class HandedOverPipe implements Pipe {
  readonly #pipe: Pipe;
  sink: PipeSink | null = null;
  #paused = false;
  #over: { readonly abort: PipeAbort | null } | null = null;
  #ended = false;

  constructor(pipe: Pipe) {
    this.#pipe = pipe;
    pipe.pause();
  }

  get label(): string {
    return this.#pipe.label;
  }
  get bytesIn(): number {
    return this.#pipe.bytesIn;
  }
  get bytesOut(): number {
    return this.#pipe.bytesOut;
  }
  get buffered(): number {
    return this.#pipe.buffered;
  }

  /** What the old owner's sink is told from now on. */
  readonly forward: PipeSink = {
    data: (chunk) => this.sink?.data(chunk),
    end: () => {
      this.#ended = true;
      this.sink?.end();
    },
    drain: () => this.sink?.drain(),
    closed: (abort) => {
      this.#over = { abort };
      this.sink?.closed(abort);
    },
  };

  start(sink: PipeSink): void {
    if (this.sink !== null) throw new Error(`pipe ${this.label} was started twice`);
    this.sink = sink;
    if (this.#ended || this.#over !== null) {
      process.nextTick(() => {
        if (this.#ended) sink.end();
        if (this.#over !== null) sink.closed(this.#over.abort);
      });
    }
    if (!this.#paused) this.#pipe.resume();
  }

  write(chunk: Uint8Array): boolean {
    return this.#pipe.write(chunk);
  }
  end(): void {
    this.#pipe.end();
  }
  abort(reason: PipeAbort): void {
    this.#pipe.abort(reason);
  }
  pause(): void {
    this.#paused = true;
    this.#pipe.pause();
  }
  resume(): void {
    this.#paused = false;
    if (this.sink !== null) this.#pipe.resume();
  }
}

/**
 * Lets the owner of a running pipe give it to somebody else, as when a session goes from clear text to TLS. The pipe is
 * paused until the new owner starts what it is given. From this call on, the old owner's sink passes every call on to
 * `forward` and does nothing else; bytes that it was given but did not consume travel as `head` to the new owner.
 *
 * @example
 * const { pipe: lower, forward } = handOver(running);
 * this.#sink = forward;
 * const { pipe, info } = await securePipe(lower, { role: "server", head, alpn: [], key, chain });
 */
export function handOver(pipe: Pipe): { readonly pipe: Pipe; readonly forward: PipeSink } {
  const handed = new HandedOverPipe(pipe);
  return { pipe: handed, forward: handed.forward };
}
