import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { CallStream } from "./call-stream.js";
import { encodeGrpcMessage, grpcStatus } from "./status.js";

const responseHeaders = {
  ":status": 200,
  "content-type": "application/grpc",
  "grpc-accept-encoding": "identity",
} as const;

/** The serving end of a call. */
export class ServerCall extends CallStream {
  readonly headers: IncomingHttpHeaders;
  #opened = false;
  #ending = false;
  #whenAnswered: () => void = () => {};
  #trailers: Record<string, string> | null = null;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, deadlineMs: number | null) {
    super(stream);
    this.headers = headers;
    if (deadlineMs !== null) {
      this.setDeadline(deadlineMs, () => {
        this.refuse(grpcStatus.deadlineExceeded, "the caller's deadline has passed");
      });
    }
  }

  get #server(): ServerHttp2Stream {
    return this.stream as ServerHttp2Stream;
  }

  /** A stream that the caller reset takes no headers, though it is not destroyed yet. */
  get #isClosed(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }

  /** Whether the handler began to answer, or the call is over. */
  get answered(): boolean {
    return this.#opened || this.isOver;
  }

  /** Called once, when that becomes true. */
  onAnswered(listener: () => void): void {
    this.#whenAnswered = listener;
  }

  #tellAnswered(): void {
    const tell = this.#whenAnswered;
    this.#whenAnswered = () => {};
    tell();
  }

  protected override forget(): void {
    super.forget();
    this.#tellAnswered();
  }

  /** Sends the response's headers: the call is taken. */
  override open(): void {
    if (this.#opened || this.#isClosed) return;
    this.#opened = true;
    this.#server.respond(responseHeaders, { waitForTrailers: true });
    this.#tellAnswered();
    this.stream.once("wantTrailers", () => {
      if (!this.#isClosed) this.stream.sendTrailers(this.#trailers ?? trailersFrom(grpcStatus.internal, ""));
    });
  }

  /** Ends in order, after what was sent. */
  finish(): void {
    if (this.#ending) return;
    this.open();
    this.#end(grpcStatus.ok, "");
    this.stream.once("finish", () => this.closeSoon(constants.NGHTTP2_NO_ERROR));
    this.conclude(null);
  }

  /** Ends with a status; trailers alone when nothing was answered yet. The owner is not told. */
  fail(status: number, text: string): void {
    if (this.#ending || this.#isClosed) {
      this.forget();
      return;
    }
    if (this.#opened) this.#end(status, text);
    else {
      this.#opened = true;
      this.#ending = true;
      this.#server.respond({ ...responseHeaders, ...trailersFrom(status, text) }, { endStream: true });
    }
    this.forget();
    // A caller that goes on sending, or never reads, does not keep the stream.
    this.closeSoon(constants.NGHTTP2_CANCEL);
  }

  /** As `fail`, and the owner is told. */
  refuse(status: number, text: string): void {
    if (this.isOver) return;
    this.conclude({ status, text });
    this.fail(status, text);
  }

  #end(status: number, text: string): void {
    this.#ending = true;
    if (this.#isClosed) return;
    this.#trailers = trailersFrom(status, text);
    this.stream.end();
  }

  protected override endedWithoutStatus(): void {
    this.owner.halfClosed();
  }
}

function trailersFrom(status: number, text: string): Record<string, string> {
  return text === ""
    ? { "grpc-status": String(status) }
    : { "grpc-status": String(status), "grpc-message": encodeGrpcMessage(text) };
}
