import type { Headers, Http2Stream, StreamOwner } from "../http2/index.js";
import type { PipeAbort } from "../pipe.js";
import { abortCodeFrom, abortFromReset, decodeGrpcMessage, grpcStatus } from "./status.js";

/** How a call ended. Status 0: in order. */
export interface CallOutcome {
  readonly status: number;
  readonly text: string;
}

/** Whoever reads and writes the bytes of one call: a lane or a stream of messages. */
export interface CallOwner {
  /** `chunk` from `from` to `to`, which the receiver owns. */
  data(chunk: Buffer, from: number, to: number): void;
  /** The peer's half of the HTTP/2 stream is over. Not called after a failure. */
  halfClosed(): void;
  drained(): void;
  /** The last call. `null`: ended in order. */
  over(outcome: CallOutcome | null): void;
}

/** How long a call that was told to end may take before it is reset, milliseconds. */
const graceMs = 1000;

/**
 * One HTTP/2 stream that carries one gRPC call; the two subclasses are its two ends. It knows headers, trailers and
 * resets; what the messages are is the owner's business. Nothing is read before `read`.
 */
export abstract class CallStream implements StreamOwner {
  protected readonly stream: Http2Stream;
  protected owner!: CallOwner;
  #held = true;
  #endTold = false;
  #over = false;
  #whenOver: (() => void)[] = [];
  /** A status that arrived before all of the data was taken. */
  #status: CallOutcome | null = null;
  #grace: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(stream: Http2Stream) {
    this.stream = stream;
    stream.owner = this;
  }

  /** The owner is told of everything from now on. */
  attach(owner: CallOwner): void {
    this.owner = owner;
  }

  /** For more listeners than the owner. */
  onOver(listener: () => void): void {
    this.#whenOver.push(listener);
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Bytes that were sent and not yet taken by HTTP/2. */
  get unsent(): number {
    return this.stream.unsent;
  }

  read(): void {
    if (this.#over) return;
    this.#held = false;
    this.stream.read();
  }

  hold(): void {
    this.#held = true;
    this.stream.hold();
  }

  /** One message: what stands before it, which is copied, and its payload. False: backed up, `drained` will be called. */
  send(prefix: Uint8Array, prefixLength: number, payload: Uint8Array): boolean {
    if (this.#over) return true;
    this.open();
    return this.stream.write(prefix, prefixLength, payload);
  }

  // the stream tells

  abstract headers(headers: Headers): void;
  abstract trailers(headers: Headers): void;

  data(chunk: Buffer, from: number, to: number): void {
    if (!this.#over) this.owner.data(chunk, from, to);
  }

  ended(): void {
    this.#endTold = true;
    if (this.#over) return;
    const status = this.#status;
    if (status === null) this.endedWithoutStatus();
    else if (status.status === grpcStatus.ok) {
      this.owner.halfClosed();
      this.conclude(null);
    } else this.conclude(status);
  }

  drained(): void {
    if (!this.#over) this.owner.drained();
  }

  finished(): void {}

  closed(code: number | null): void {
    clearTimeout(this.#grace);
    clearTimeout(this.#deadline);
    if (this.#over) return;
    if (this.#status !== null && this.#status.status !== grpcStatus.ok) {
      this.conclude(this.#status);
      return;
    }
    if (code === null) {
      this.conclude({ status: grpcStatus.unavailable, text: "the connection between Hoop's programs was lost" });
      return;
    }
    const abort = abortFromReset(code);
    this.conclude({ status: statusOfReset[abort.code] ?? grpcStatus.internal, text: abort.text });
  }

  /** The call ends with this outcome unless it did before; told to the owner at once. */
  protected conclude(outcome: CallOutcome | null): void {
    if (this.#over) return;
    this.forget();
    this.owner.over(outcome);
  }

  /** Nothing more is told. Data still to come is thrown away, so that the stream can end. */
  protected forget(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#deadline);
    for (const tell of this.#whenOver) tell();
    this.stream.discard();
  }

  /** Resets the stream unless the peer lets it end soon. */
  protected closeSoon(code: number): void {
    if (this.stream.closed) return;
    this.#grace ??= setTimeout(() => this.stream.reset(code), graceMs);
    this.#grace.unref();
  }

  protected setDeadline(ms: number, passed: () => void): void {
    this.#deadline = setTimeout(passed, ms);
  }

  /** The peer's status came. It counts when the data before it was taken; a failure does not wait for a paused owner. */
  protected received(outcome: CallOutcome): void {
    this.#status = outcome;
    if (outcome.status !== grpcStatus.ok && (this.#held || this.#endTold)) this.conclude(outcome);
  }

  /** Sends what must come first, once. */
  protected abstract open(): void;
  /** The peer's half ended without a status. */
  protected abstract endedWithoutStatus(): void;
}

const statusOfReset: Readonly<Partial<Record<PipeAbort["code"], number>>> = {
  cancelled: grpcStatus.cancelled,
  denied: grpcStatus.permissionDenied,
  unavailable: grpcStatus.unavailable,
  limited: grpcStatus.resourceExhausted,
  malformed: grpcStatus.invalidArgument,
};

/** The outcome that a block of headers or trailers names; null: it names none. */
export function outcomeFrom(headers: Headers): CallOutcome | null {
  const status = headers["grpc-status"];
  if (status === undefined || !/^[0-9]{1,3}$/.test(status)) return null;
  const text = headers["grpc-message"];
  return { status: Number(status), text: text === undefined ? "" : decodeGrpcMessage(text) };
}

export function abortOf(outcome: CallOutcome): PipeAbort {
  return { code: abortCodeFrom(outcome.status), text: outcome.text || "the other side gave no reason" };
}
