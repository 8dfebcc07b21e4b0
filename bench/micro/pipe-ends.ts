import type { Pipe, PipeAbort, PipeSink } from "../../src/transport/pipe.js";

/**
 * A pipe without a transport: what a session writes is handed over at once, what it reads is pushed in. So that a measurement
 * has nothing in it but what stands between two transports.
 */
export class BarePipe implements Pipe {
  readonly label = "bare";
  bytesIn = 0;
  bytesOut = 0;
  readonly buffered = 0;
  readonly #wrote: (chunk: Uint8Array) => void;
  #sink: PipeSink | null = null;

  constructor(wrote: (chunk: Uint8Array) => void) {
    this.#wrote = wrote;
  }

  /** Bytes from the peer. */
  push(chunk: Buffer): void {
    this.bytesIn += chunk.length;
    this.#sink!.data(chunk);
  }

  start(sink: PipeSink): void {
    this.#sink = sink;
  }

  write(chunk: Uint8Array): boolean {
    this.bytesOut += chunk.length;
    this.#wrote(chunk);
    return true;
  }

  end(): void {
    this.#sink?.closed(null);
  }

  abort(reason: PipeAbort): void {
    this.#sink?.closed(reason);
  }

  pause(): void {}
  resume(): void {}
}
