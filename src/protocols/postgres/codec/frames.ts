import { MalformedError } from "../../../wire/index.js";
import { Stash } from "./stash.js";
import { typeName } from "./types.js";

/**
 * What to do with a frame, decided from its header alone:
 * `stream`: its bytes pass as they come; `skip`: they are dropped as they come; `peek`: wait until all of it is here, show
 * it, then it passes; `take`: wait until all of it is here and hand it over, nothing of it passes by itself.
 */
export type FrameFate = "stream" | "skip" | "peek" | "take";

export interface FrameHandler {
  /** Called once a frame, before any of its bytes moves. `length` counts the type byte and the length word. */
  fate(type: number, length: number): FrameFate;
  /** A whole frame, `bytes[at … at + length)`. True after a peek: pass all up to its end now, then call `after`. */
  frame(type: number, bytes: Buffer, at: number, length: number): boolean;
  /** What a peeked frame entails, once it has been passed. */
  after(): void;
  /** Untouched bytes, as long a run as possible. */
  pass(bytes: Buffer): void;
  /** Asked between frames: true stops the walk, and what is left comes back. */
  blocked(): boolean;
}

const headerLength = 5;

/**
 * Walks typed frames (one type byte, four length bytes that count themselves) over chunks of any size. It keeps at most
 * one frame, and only one that must be whole; everything else leaves as views of the very chunk that it came in.
 *
 * @throws MalformedError when a length is impossible, or longer than `maxFrame` for a frame that must be whole
 */
export class FrameWalker {
  readonly #maxFrame: number;
  readonly #stash = new Stash();
  /** Of the frame being streamed or skipped: bytes still to come. */
  #streaming = 0;
  #skipping = 0;
  /** Of the frame in the stash; 0: its header is not complete. */
  #wanted = 0;
  #fate: FrameFate = "peek";

  constructor(maxFrame: number) {
    this.#maxFrame = maxFrame;
  }

  /** Whether what was passed so far ends at a frame's end. */
  get atBoundary(): boolean {
    return this.#streaming === 0;
  }

  /** Bytes kept of an incomplete frame. */
  get held(): number {
    return this.#stash.length;
  }

  /** Walks as far as the handler lets it. Answers what was not looked at; null when all was. */
  walk(chunk: Buffer, handler: FrameHandler): Buffer | null {
    const end = chunk.length;
    let at = 0;
    // Untouched bytes that have not been passed yet start here.
    let run = 0;
    while (at < end) {
      if (this.#streaming > 0) {
        const n = Math.min(this.#streaming, end - at);
        this.#streaming -= n;
        at += n;
      } else if (this.#skipping > 0) {
        const n = Math.min(this.#skipping, end - at);
        this.#skipping -= n;
        at += n;
        run = at;
      } else if (this.#stash.length > 0) {
        at = run = this.#fill(chunk, at, handler);
      } else {
        if (end - at < headerLength) break;
        const type = chunk[at]!;
        const length = frameLength(type, chunk.readInt32BE(at + 1));
        const fate = handler.fate(type, length);
        if (fate === "stream") {
          this.#streaming = length;
          continue;
        }
        if (fate === "skip") {
          if (at > run) handler.pass(chunk.subarray(run, at));
          run = at;
          this.#skipping = length;
          continue;
        }
        this.#check(type, length);
        if (end - at < length) {
          this.#wanted = length;
          this.#fate = fate;
          break;
        }
        if (fate === "take") {
          if (at > run) handler.pass(chunk.subarray(run, at));
          handler.frame(type, chunk, at, length);
          at += length;
          run = at;
        } else {
          const flush = handler.frame(type, chunk, at, length);
          at += length;
          if (flush) {
            handler.pass(chunk.subarray(run, at));
            run = at;
            handler.after();
          }
        }
      }
      if (handler.blocked() && this.#streaming === 0 && this.#skipping === 0 && this.#stash.length === 0) {
        if (at > run) handler.pass(chunk.subarray(run, at));
        return at < end ? chunk.subarray(at) : null;
      }
    }
    if (at > run) handler.pass(chunk.subarray(run, at));
    if (at < end) this.#stash.add(chunk.subarray(at));
    return null;
  }

  #check(type: number, length: number): void {
    if (length > this.#maxFrame) {
      throw new MalformedError(
        `message ${typeName(type)} of ${length} bytes is longer than the ${this.#maxFrame} allowed`,
      );
    }
  }

  /** Completes the frame in the stash; answers how far the chunk was used. */
  #fill(chunk: Buffer, from: number, handler: FrameHandler): number {
    const stash = this.#stash;
    let at = from;
    if (this.#wanted === 0) {
      const n = Math.min(headerLength - stash.length, chunk.length - at);
      stash.add(chunk.subarray(at, at + n));
      at += n;
      if (stash.length < headerLength) return at;
      const header = stash.peek();
      const type = header[0]!;
      const length = frameLength(type, header.readInt32BE(1));
      this.#fate = handler.fate(type, length);
      if (this.#fate === "stream") {
        handler.pass(stash.take());
        this.#streaming = length - headerLength;
        return at;
      }
      if (this.#fate === "skip") {
        stash.take();
        this.#skipping = length - headerLength;
        return at;
      }
      this.#check(type, length);
      this.#wanted = length;
    }
    const n = Math.min(this.#wanted - stash.length, chunk.length - at);
    stash.add(chunk.subarray(at, at + n));
    at += n;
    if (stash.length < this.#wanted) return at;
    const length = this.#wanted;
    this.#wanted = 0;
    const bytes = stash.take();
    const flush = handler.frame(bytes[0]!, bytes, 0, length);
    if (this.#fate === "peek") {
      handler.pass(bytes);
      if (flush) handler.after();
    }
    return at;
  }
}

/** The whole frame's length from its length word. */
function frameLength(type: number, word: number): number {
  if (word < 4) throw new MalformedError(`message ${typeName(type)} announces an impossible length of ${word}`);
  return word + 1;
}
