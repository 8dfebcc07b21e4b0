import { clientPreface, errorCode, frameFlag, frameHeaderBytes, frameType } from "./constants.js";
import { Http2Error } from "./error.js";

/** What comes out of the reader. A view is good during the call only where it says so. */
export interface FrameSink {
  /** A DATA frame begins; its whole `length`, padding included, counts against the windows. */
  dataBegins(stream: number, length: number): void;
  /** Bytes of it: `chunk` from `from` to `to`, which the receiver owns. */
  data(chunk: Buffer, from: number, to: number): void;
  dataEnds(endStream: boolean): void;
  /** A whole header block, however many frames it came in; good during the call. */
  headers(stream: number, endStream: boolean, block: Buffer): void;
  /** Any other frame that RFC 9113 knows, of a length that suits its type; the payload is good during the call. */
  frame(type: number, flags: number, stream: number, payload: Buffer): void;
  /** A frame that means nothing to us and was skipped. */
  ignored(type: number): void;
}

export interface FrameReaderLimits {
  /** Of one frame: what our SETTINGS say. */
  readonly maxFrame: number;
  /** Of a header block, coded. */
  readonly maxHeaderBlock: number;
  readonly maxContinuations: number;
  /** Of GOAWAY and SETTINGS. */
  readonly maxControl: number;
}

const states = { preface: 0, header: 1, padLength: 2, data: 3, padding: 4, body: 5, skip: 6 } as const;
type State = (typeof states)[keyof typeof states];

/**
 * Cuts a connection's bytes into frames. The payload of DATA is passed on in the pieces in which it comes and never put
 * together; every other frame is bounded before a byte of it is kept. Throws Http2Error.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #limits: FrameReaderLimits;
  #state: State;
  /** A frame's header that came in two pieces; also the place in the preface. */
  readonly #head = Buffer.alloc(frameHeaderBytes);
  #headBytes = 0;
  #type = 0;
  #flags = 0;
  #stream = 0;
  /** Bytes of the frame, of its data and of its padding, that are still to come. */
  #left = 0;
  #padding = 0;
  /** A payload that came in pieces. */
  #body: Buffer | null = null;
  #bodyBytes = 0;
  /** A header block that is not at its end. */
  #blockStream = 0;
  #blockEndsStream = false;
  #block: Buffer[] = [];
  #blockBytes = 0;
  #continuations = 0;

  constructor(sink: FrameSink, limits: FrameReaderLimits, expectPreface: boolean) {
    this.#sink = sink;
    this.#limits = limits;
    this.#state = expectPreface ? states.preface : states.header;
  }

  /** Reads from `at` until the chunk is used up or `enough` says so after a frame; answers where it stopped. */
  push(chunk: Buffer, at: number, enough: () => boolean): number {
    const end = chunk.length;
    while (at < end) {
      switch (this.#state) {
        case states.header:
          if (this.#headBytes === 0 && end - at >= frameHeaderBytes) {
            this.#begin(chunk, at);
            at += frameHeaderBytes;
          } else at = this.#gatherHead(chunk, at);
          if (this.#atBoundary && enough()) return at;
          break;
        case states.data: {
          const to = Math.min(end, at + this.#left);
          this.#left -= to - at;
          this.#sink.data(chunk, at, to);
          at = to;
          if (this.#left === 0) {
            this.#dataDone();
            if (this.#atBoundary && enough()) return at;
          }
          break;
        }
        case states.body:
          at = this.#gatherBody(chunk, at);
          if (this.#atBoundary && enough()) return at;
          break;
        case states.padLength:
          this.#padding = chunk[at++]!;
          if (this.#padding > --this.#left) throw protocolError("padding longer than its frame");
          this.#left -= this.#padding;
          this.#state = states.data;
          if (this.#left === 0) this.#dataDone();
          break;
        case states.padding: {
          const take = Math.min(this.#padding, end - at);
          this.#padding -= take;
          at += take;
          if (this.#padding === 0) this.#frameDone();
          break;
        }
        case states.skip: {
          const take = Math.min(this.#left, end - at);
          this.#left -= take;
          at += take;
          if (this.#left === 0) this.#state = states.header;
          break;
        }
        default:
          at = this.#matchPreface(chunk, at);
      }
    }
    return at;
  }

  get #atBoundary(): boolean {
    return this.#state === states.header;
  }

  #matchPreface(chunk: Buffer, at: number): number {
    while (at < chunk.length && this.#headBytes < clientPreface.length) {
      if (chunk[at++] !== clientPreface[this.#headBytes++]) throw protocolError("this is not HTTP/2");
    }
    if (this.#headBytes === clientPreface.length) {
      this.#headBytes = 0;
      this.#state = states.header;
    }
    return at;
  }

  #gatherHead(chunk: Buffer, at: number): number {
    const take = Math.min(frameHeaderBytes - this.#headBytes, chunk.length - at);
    chunk.copy(this.#head, this.#headBytes, at, at + take);
    this.#headBytes += take;
    if (this.#headBytes === frameHeaderBytes) {
      this.#headBytes = 0;
      this.#begin(this.#head, 0);
    }
    return at + take;
  }

  /** A frame's header is whole: what comes next, and whether it may. */
  #begin(head: Buffer, at: number): void {
    const length = (head[at]! << 16) | (head[at + 1]! << 8) | head[at + 2]!;
    const type = head[at + 3]!;
    const flags = head[at + 4]!;
    // The highest bit is reserved and must be ignored.
    const stream = ((head[at + 5]! & 0x7f) << 24) | (head[at + 6]! << 16) | (head[at + 7]! << 8) | head[at + 8]!;
    if (length > this.#limits.maxFrame) {
      throw new Http2Error(
        errorCode.frameSizeError,
        `a frame of ${length} bytes; the limit is ${this.#limits.maxFrame}`,
      );
    }
    if (this.#blockStream !== 0 && (type !== frameType.continuation || stream !== this.#blockStream)) {
      throw protocolError("a header block that is interrupted");
    }
    this.#type = type;
    this.#flags = flags;
    this.#stream = stream;
    this.#left = length;
    if (type === frameType.data) this.#beginData(length);
    else if (type > frameType.continuation) this.#state = states.skip;
    else {
      this.#checkControl(type, length);
      this.#state = states.body;
    }
    if (length > 0) return;
    // Nothing more comes of it.
    if (this.#state === states.skip) this.#frameDone();
    else if (this.#state === states.body) this.#bodyDone(empty);
  }

  #beginData(length: number): void {
    if (this.#stream === 0) throw protocolError("DATA on no stream");
    const padded = (this.#flags & frameFlag.padded) !== 0;
    if (padded && length === 0) throw new Http2Error(errorCode.frameSizeError, "a padded frame without its padding");
    this.#padding = 0;
    this.#sink.dataBegins(this.#stream, length);
    this.#state = padded ? states.padLength : states.data;
    if (length === 0) this.#dataDone();
  }

  #dataDone(): void {
    if (this.#padding > 0) this.#state = states.padding;
    else this.#frameDone();
  }

  #frameDone(): void {
    this.#state = states.header;
    if (this.#type === frameType.data) this.#sink.dataEnds((this.#flags & frameFlag.endStream) !== 0);
    else this.#sink.ignored(this.#type);
  }

  /** Lengths and streams that each type asks for: https://www.rfc-editor.org/rfc/rfc9113#section-6 */
  #checkControl(type: number, length: number): void {
    const { maxControl, maxHeaderBlock } = this.#limits;
    const fixed = fixedLengths[type];
    if (fixed !== undefined && length !== fixed) throw sizeError(type, length);
    if (connectionOnly.has(type) ? this.#stream !== 0 : this.#stream === 0 && type !== frameType.windowUpdate) {
      throw protocolError(`a frame of type ${type} on stream ${this.#stream}`);
    }
    const isBlock = type === frameType.headers || type === frameType.continuation;
    const most = isBlock ? maxHeaderBlock : maxControl;
    if (length > most) throw new Http2Error(errorCode.enhanceYourCalm, `a frame of type ${type} with ${length} bytes`);
    if (type === frameType.settings && length % 6 !== 0) throw sizeError(type, length);
    if (type === frameType.goaway && length < 8) throw sizeError(type, length);
    if (type === frameType.continuation && this.#blockStream === 0) {
      throw protocolError("CONTINUATION without HEADERS");
    }
  }

  #gatherBody(chunk: Buffer, at: number): number {
    const to = Math.min(chunk.length, at + this.#left);
    const piece = chunk.subarray(at, to);
    if (this.#body === null) {
      if (piece.length === this.#left) this.#bodyDone(piece);
      else {
        this.#body = Buffer.allocUnsafe(this.#left);
        this.#bodyBytes = piece.copy(this.#body);
        this.#left -= piece.length;
      }
      return to;
    }
    this.#bodyBytes += piece.copy(this.#body, this.#bodyBytes);
    this.#left -= piece.length;
    if (this.#left === 0) {
      const body = this.#body;
      this.#body = null;
      this.#bodyDone(body);
    }
    return to;
  }

  #bodyDone(payload: Buffer): void {
    this.#state = states.header;
    this.#left = 0;
    if (this.#type === frameType.headers) this.#blockBegins(payload);
    else if (this.#type === frameType.continuation) {
      if (++this.#continuations > this.#limits.maxContinuations) {
        throw new Http2Error(errorCode.enhanceYourCalm, "a header block in too many pieces");
      }
      this.#blockGoesOn(payload);
    } else this.#sink.frame(this.#type, this.#flags, this.#stream, payload);
  }

  #blockBegins(payload: Buffer): void {
    let from = 0;
    let to = payload.length;
    if ((this.#flags & frameFlag.padded) !== 0) {
      const padding = payload[0] ?? 0;
      from = 1;
      to -= padding;
    }
    // Weight and dependency of a stream: deprecated, and never used here.
    if ((this.#flags & frameFlag.priority) !== 0) from += 5;
    if (from > to) throw protocolError("padding longer than its frame");
    this.#blockStream = this.#stream;
    this.#blockEndsStream = (this.#flags & frameFlag.endStream) !== 0;
    this.#continuations = 0;
    this.#blockBytes = 0;
    this.#blockGoesOn(payload.subarray(from, to));
  }

  #blockGoesOn(piece: Buffer): void {
    this.#blockBytes += piece.length;
    if (this.#blockBytes > this.#limits.maxHeaderBlock) {
      throw new Http2Error(
        errorCode.enhanceYourCalm,
        `a header block of more than ${this.#limits.maxHeaderBlock} bytes`,
      );
    }
    const whole = (this.#flags & frameFlag.endHeaders) !== 0;
    if (!whole) {
      // The chunk may be its receiver's by the time that the rest comes.
      this.#block.push(Buffer.from(piece));
      return;
    }
    const stream = this.#blockStream;
    const block = this.#block.length === 0 ? piece : Buffer.concat([...this.#block, piece]);
    this.#block = [];
    this.#blockStream = 0;
    this.#sink.headers(stream, this.#blockEndsStream, block);
  }
}

const empty = Buffer.alloc(0);
const fixedLengths: Readonly<Record<number, number>> = {
  [frameType.priority]: 5,
  [frameType.rstStream]: 4,
  [frameType.ping]: 8,
  [frameType.windowUpdate]: 4,
};
const connectionOnly: ReadonlySet<number> = new Set([frameType.settings, frameType.ping, frameType.goaway]);

function protocolError(text: string): Http2Error {
  return new Http2Error(errorCode.protocolError, text);
}

function sizeError(type: number, length: number): Http2Error {
  return new Http2Error(errorCode.frameSizeError, `a frame of type ${type} with ${length} bytes`);
}
