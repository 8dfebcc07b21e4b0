import type { Socket } from "node:net";
import { readBegins, readEnds } from "../turn.js";
import type { FrameReader } from "./frame-reader.js";
import { limits } from "./settings.js";

/** How long what came is handled before the loop goes on, milliseconds. */
const sliceMs = 0.15;

/**
 * Hands what a socket brings to the reader, for so long and no longer: what it leads to (the journal's write, an answer) is
 * done at the end of the loop's turn, and must not wait for all calls of a long row.
 */
export class Intake {
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #failed: (error: unknown) => void;
  /** What was not looked at; `#at` is the place in the first chunk. */
  #rest: Buffer[] = [];
  #at = 0;
  #bytes = 0;
  #until = 0;
  #closed = false;
  readonly #enough = () => this.#closed || performance.now() > this.#until;

  /** `failed`: the reader threw. */
  constructor(socket: Socket, reader: FrameReader, failed: (error: unknown) => void) {
    this.#socket = socket;
    this.#reader = reader;
    this.#failed = failed;
  }

  /** Bytes that wait to be looked at. */
  get waiting(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    if (this.#closed) return;
    this.#rest.push(chunk);
    this.#bytes += chunk.length;
    if (this.#rest.length === 1) this.#read(sliceMs);
    else if (this.#bytes > limits.maxUnhandled) this.#socket.pause();
  }

  /** Handles all that is left: no more will come. */
  finish(): void {
    if (this.#rest.length > 0) this.#read(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#closed = true;
    this.#rest = [];
    this.#bytes = 0;
  }

  #read(ms: number): void {
    this.#until = performance.now() + ms;
    readBegins();
    try {
      while (this.#rest.length > 0) {
        const chunk = this.#rest[0]!;
        this.#at = this.#reader.push(chunk, this.#at, this.#enough);
        // A closed intake has forgotten the chunk.
        if (this.#closed || this.#at < chunk.length) break;
        this.#rest.shift();
        this.#bytes -= chunk.length;
        this.#at = 0;
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      readEnds();
    }
    if (this.#rest.length > 0) setImmediate(() => this.#goOn());
  }

  #goOn(): void {
    if (this.#rest.length === 0) return;
    this.#socket.resume();
    this.#read(sliceMs);
  }
}
