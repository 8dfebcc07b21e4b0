import type { Http2Session, Http2Stream, IncomingHttpHeaders } from "node:http2";
import type { PipeAbort } from "../pipe.js";
import { HeldBytes } from "./held-bytes.js";
import { abortCodeFrom, abortFromReset, decodeGrpcMessage, grpcStatus } from "./status.js";

/** How a call ended. Status 0: in order. */
export interface CallOutcome {
  readonly status: number;
  readonly text: string;
}

/** Whoever reads and writes the bytes of one call: a lane or a stream of messages. */
export interface CallOwner {
  data(chunk: Buffer): void;
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
export abstract class CallStream {
  protected readonly stream: Http2Stream;
  readonly #session: Http2Session | undefined;
  protected owner!: CallOwner;
  #held = true;
  readonly #waiting = new HeldBytes();
  #endWaits = false;
  #end: () => void = () => {};
  #over = false;
  #whenOver: () => void = () => {};
  /** A status that arrived before all of the data was taken. */
  #status: CallOutcome | null = null;
  #grace: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(stream: Http2Stream) {
    this.stream = stream;
    this.#session = stream.session;
    this.#takeOver();
    stream.on("drain", () => this.owner.drained());
    stream.on("end", () => {
      // An end that stood behind early bytes waits for them to be taken.
      if (this.#waiting.isEmpty) return this.#ended();
      this.#endWaits = true;
      this.#end = () => this.#ended();
    });
    // `close` follows and tells the rest.
    stream.on("error", () => {});
    stream.on("close", () => this.#closed());
  }

  /** The owner is told of everything from now on. */
  attach(owner: CallOwner): void {
    this.owner = owner;
  }

  /** For one more listener than the owner. */
  onOver(listener: () => void): void {
    this.#whenOver = listener;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Bytes that were sent and not yet taken by HTTP/2. */
  get unsent(): number {
    return this.stream.writableLength;
  }

  read(): void {
    if (!this.#held || this.#over) return;
    this.#held = false;
    if (this.#waiting.isEmpty) this.#goOn();
    // Not from inside of the owner's own call.
    else process.nextTick(() => this.#deliver());
  }

  #deliver(): void {
    // The owner may have enough again, or end the call, with each chunk.
    while (!this.#held && !this.#over) {
      const chunk = this.#waiting.take();
      if (chunk === null) {
        this.#goOn();
        return;
      }
      this.owner.data(chunk);
    }
  }

  hold(): void {
    this.#held = true;
  }

  /**
   * Bytes come to Node's stream by its `push`, which is where we take them: its own buffer keeps an object for each chunk,
   * and a paused lane must not cost more than its window. Answering false closes the window, `_read` opens it.
   */
  #takeOver(): void {
    const { stream } = this;
    const push = stream.push.bind(stream);
    this.#end = () => push(null);
    // Node tells of a new stream a tick later: what came in one packet with its headers is in the stream's own buffer by now.
    while (stream.readableLength > 0) {
      const early: Buffer | null = stream.read();
      if (early === null) break;
      this.#waiting.add(early);
    }
    stream.push = (chunk: Buffer | null): boolean => {
      if (chunk === null) {
        if (this.#over || (!this.#held && this.#waiting.isEmpty)) return push(null);
        this.#endWaits = true;
        return false;
      }
      if (this.#over) return true;
      if (this.#held || !this.#waiting.isEmpty) this.#waiting.add(chunk);
      else this.owner.data(chunk);
      return !this.#held;
    };
    // Nothing flows through the stream itself but its end.
    stream.resume();
  }

  #goOn(): void {
    if (this.#endWaits) {
      this.#endWaits = false;
      this.#end();
    } else if (!this.stream.destroyed) this.stream._read(0);
  }

  /** False: backed up, `drained` will be called. */
  send(chunks: readonly Uint8Array[]): boolean {
    if (this.#over || this.stream.destroyed || this.stream.writableEnded) return true;
    this.open();
    const { stream } = this;
    if (chunks.length === 1) return stream.write(chunks[0]);
    stream.cork();
    let more = true;
    for (const chunk of chunks) more = stream.write(chunk);
    stream.uncork();
    return more;
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
    this.#whenOver();
    this.#waiting.clear();
    this.#goOn();
  }

  /** Resets the stream unless the peer lets it end soon. */
  protected closeSoon(code: number): void {
    if (this.stream.destroyed) return;
    this.#grace ??= setTimeout(() => this.stream.close(code), graceMs);
    this.#grace.unref();
  }

  protected setDeadline(ms: number, passed: () => void): void {
    this.#deadline = setTimeout(passed, ms);
  }

  /** The peer's status came. It counts when the data before it was taken; a failure does not wait for a paused owner. */
  protected received(outcome: CallOutcome): void {
    this.#status = outcome;
    if (outcome.status !== grpcStatus.ok && (this.#held || this.stream.readableEnded)) this.conclude(outcome);
  }

  /** Sends what must come first, once. */
  protected abstract open(): void;
  /** The peer's half ended without a status. */
  protected abstract endedWithoutStatus(): void;

  #ended(): void {
    // A reset ends the stream, too: `close` follows and tells what it was.
    if (this.#over || (this.stream.rstCode ?? 0) !== 0) return;
    const status = this.#status;
    if (status === null) this.endedWithoutStatus();
    else if (status.status === grpcStatus.ok) {
      this.owner.halfClosed();
      this.conclude(null);
    } else this.conclude(status);
  }

  #closed(): void {
    clearTimeout(this.#grace);
    clearTimeout(this.#deadline);
    if (this.#over) return;
    if (this.#status !== null && this.#status.status !== grpcStatus.ok) {
      this.conclude(this.#status);
      return;
    }
    if (this.#session === undefined || this.#session.destroyed) {
      this.conclude({ status: grpcStatus.unavailable, text: "the connection between Hoop's programs was lost" });
      return;
    }
    const abort = abortFromReset(this.stream.rstCode ?? 0);
    this.conclude({ status: statusOfReset[abort.code] ?? grpcStatus.internal, text: abort.text });
  }
}

const statusOfReset: Readonly<Partial<Record<PipeAbort["code"], number>>> = {
  cancelled: grpcStatus.cancelled,
  denied: grpcStatus.permissionDenied,
  unavailable: grpcStatus.unavailable,
  limited: grpcStatus.resourceExhausted,
  malformed: grpcStatus.invalidArgument,
};

/** The outcome that a block of headers or trailers names; null: it names none. */
export function outcomeFrom(headers: IncomingHttpHeaders): CallOutcome | null {
  const status = headers["grpc-status"];
  if (typeof status !== "string" || !/^[0-9]{1,3}$/.test(status)) return null;
  const text = headers["grpc-message"];
  return { status: Number(status), text: typeof text === "string" ? decodeGrpcMessage(text) : "" };
}

export function abortOf(outcome: CallOutcome): PipeAbort {
  return { code: abortCodeFrom(outcome.status), text: outcome.text || "the other side gave no reason" };
}
