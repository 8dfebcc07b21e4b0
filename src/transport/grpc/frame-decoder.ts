import { MalformedError } from "../../wire/index.js";

export interface FrameSink {
  /** A part of a frame's data, a view into the chunk that was pushed. */
  data(chunk: Buffer): void;
  /** The frame said `end`. */
  end(): void;
  /** The bytes of an `Abort` message. */
  abort(message: Buffer): void;
}

/** The longest message that a lane may carry. Nothing of it is buffered: the limit only stops nonsense early. */
const maxMessageBytes = 256 * 1024 * 1024;
const maxAbortBytes = 8 * 1024;

const states = { prefix: 0, tag: 1, length: 2, data: 3, skip: 4, varint: 5, abort: 6 } as const;
type State = (typeof states)[keyof typeof states];

/**
 * Reads gRPC-framed `Frame` messages as they come. Payload is passed on in the pieces in which it arrives, never put
 * together; fields that this version does not know are skipped. Throws MalformedError.
 */
export class FrameDecoder {
  readonly #sink: FrameSink;
  #state: State = states.prefix;
  /** Bytes of the prefix seen, or bits of the varint read so far. */
  #step = 0;
  #value = 0;
  /** Bytes of the message that are still to come. */
  #message = 0;
  /** Bytes of the field that are still to come. */
  #field = 0;
  #number = 0;
  #sawData = false;
  #sawEnd = false;
  #toldEnd = false;
  #abort: Buffer[] = [];

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Nothing may be left half-read when the peer stops. */
  finish(): void {
    if (this.#state !== states.prefix || this.#step !== 0)
      throw new MalformedError("the stream ended inside a message");
  }

  /** Reads `chunk` from `at` to `end`. */
  push(chunk: Buffer, at = 0, end = chunk.length): void {
    while (at < end) {
      switch (this.#state) {
        case states.prefix: {
          if (this.#step === 0) {
            const to = this.#wholeFrame(chunk, at, end);
            if (to > 0) {
              at = to;
              break;
            }
          }
          const byte = chunk[at++]!;
          if (this.#step === 0) {
            if (byte !== 0) throw new MalformedError("a compressed message, though no compression was agreed on");
            this.#message = 0;
          } else this.#message = this.#message * 256 + byte;
          if (++this.#step < 5) break;
          if (this.#message > maxMessageBytes) throw new MalformedError(`a message of ${this.#message} bytes`);
          if (this.#message > 0 && this.#sawEnd) throw new MalformedError("a frame after the end");
          this.#sawData = false;
          this.#next();
          break;
        }
        case states.tag:
          if (this.#varint(chunk[at++]!)) this.#enter(this.#value);
          break;
        case states.length:
          if (this.#varint(chunk[at++]!)) this.#enterBytes(this.#value);
          break;
        case states.varint:
          if (this.#varint(chunk[at++]!)) {
            if (this.#number === 2 && this.#value !== 0) this.#sawEnd = true;
            this.#next();
          }
          break;
        default: {
          const take = Math.min(this.#field, end - at);
          const state = this.#state;
          this.#field -= take;
          this.#message -= take;
          const view = take === chunk.length ? chunk : chunk.subarray(at, at + take);
          at += take;
          if (state === states.abort) this.#abort.push(view);
          const done = this.#field === 0;
          if (state === states.data) this.#sink.data(view);
          if (done) {
            if (state === states.abort) this.#sink.abort(Buffer.concat(this.#abort));
            this.#next();
          }
        }
      }
    }
  }

  /** The usual case at once: a frame with nothing but data, whole in this chunk. Answers where it ends, or 0. */
  #wholeFrame(chunk: Buffer, at: number, end: number): number {
    if (end - at < 8 || chunk[at] !== 0 || chunk[at + 5] !== 0x0a || this.#sawEnd) return 0;
    const message = ((chunk[at + 1]! << 24) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 8) | chunk[at + 4]!) >>> 0;
    let from = at + 7;
    let length = chunk[at + 6]!;
    if (length >= 0x80) {
      const second = chunk[from++]!;
      length = (length & 0x7f) | ((second & 0x7f) << 7);
      if (second >= 0x80) {
        const third = chunk[from++] ?? 0x80;
        if (third >= 0x80) return 0;
        length |= third << 14;
      }
    }
    const to = from + length;
    if (length === 0 || to > end || message !== to - at - 5) return 0;
    this.#sink.data(chunk.subarray(from, to));
    return to;
  }

  /** The field is over: another one, or the next message. */
  #next(): void {
    this.#step = 0;
    this.#value = 0;
    if (this.#message > 0) {
      this.#state = states.tag;
      return;
    }
    this.#state = states.prefix;
    // `end` may stand before `data` in a frame: it is told when the frame is over.
    if (this.#sawEnd && !this.#toldEnd) {
      this.#toldEnd = true;
      this.#sink.end();
    }
  }

  /** One more byte of a varint; true: `#value` is whole. Bits above 32 must not matter to us: field lengths never have them. */
  #varint(byte: number): boolean {
    if (this.#message-- <= 0) throw new MalformedError("a field that runs over its message");
    if (this.#step < 28) this.#value |= (byte & 0x7f) << this.#step;
    else if (this.#step < 35) this.#value += (byte & 0x7f) * 2 ** this.#step;
    else if ((byte & 0x7f) !== 0) this.#value = Number.MAX_SAFE_INTEGER;
    this.#step += 7;
    if (byte < 0x80) {
      this.#step = 0;
      return true;
    }
    if (this.#step >= 70) throw new MalformedError("a number that does not end");
    return false;
  }

  #enter(tag: number): void {
    this.#value = 0;
    if (tag > 0xffffffff) throw new MalformedError("a tag out of range");
    this.#number = Math.floor(tag / 8);
    if (this.#number === 0) throw new MalformedError("a field without a number");
    const type = tag % 8;
    if (this.#number <= 3 && type !== (this.#number === 2 ? 0 : 2)) {
      throw new MalformedError(`field ${this.#number} has wire type ${type}`);
    }
    if (type === 0) this.#state = states.varint;
    else if (type === 2) this.#state = states.length;
    else if (type === 1) this.#skip(8);
    else if (type === 5) this.#skip(4);
    else throw new MalformedError(`wire type ${type}`);
  }

  #enterBytes(length: number): void {
    this.#value = 0;
    if (length > this.#message) throw new MalformedError("a field that runs over its message");
    if (this.#number === 1) {
      // A protobuf parser would keep the last one only; bytes of a stream cannot be taken back.
      if (this.#sawData) throw new MalformedError("a frame with data twice");
      this.#sawData = true;
      this.#begin(states.data, length);
    } else if (this.#number === 3) {
      if (length > maxAbortBytes) throw new MalformedError("a reason too long");
      this.#abort = [];
      if (length === 0) this.#sink.abort(Buffer.alloc(0));
      this.#begin(states.abort, length);
    } else this.#skip(length);
  }

  #skip(length: number): void {
    if (length > this.#message) throw new MalformedError("a field that runs over its message");
    this.#begin(states.skip, length);
  }

  #begin(state: State, length: number): void {
    if (length === 0) {
      this.#next();
      return;
    }
    this.#field = length;
    this.#state = state;
  }
}
