import { errorCode, type HeaderField, type Headers, type Http2Stream } from "../http2/index.js";
import { CallStream } from "./call-stream.js";
import { encodeGrpcMessage, grpcStatus } from "./status.js";

const responseHeaders: readonly HeaderField[] = [
  [":status", "200"],
  ["content-type", "application/grpc"],
  ["grpc-accept-encoding", "identity"],
];

/** The serving end of a call. */
export class ServerCall extends CallStream {
  readonly requestHeaders: Headers;
  #opened = false;
  #ending = false;
  #whenAnswered: () => void = () => {};

  constructor(stream: Http2Stream, headers: Headers, deadlineMs: number | null) {
    super(stream);
    this.requestHeaders = headers;
    if (deadlineMs !== null) {
      this.setDeadline(deadlineMs, () => {
        this.refuse(grpcStatus.deadlineExceeded, "the caller's deadline has passed");
      });
    }
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
    if (this.#opened || this.stream.closed) return;
    this.#opened = true;
    this.stream.sendHeaders(responseHeaders, false);
    this.#tellAnswered();
  }

  /** Ends in order, after what was sent. */
  finish(): void {
    if (this.#ending) return;
    this.open();
    this.conclude(null);
    this.#end(grpcStatus.ok, "");
  }

  /** A caller that does not close its half after all was sent does not keep the stream. */
  override finished(): void {
    this.closeSoon(errorCode.noError);
  }

  /** Ends with a status; trailers alone when nothing was answered yet. The owner is not told. */
  fail(status: number, text: string): void {
    this.forget();
    if (this.#ending || this.stream.closed) return;
    if (this.#opened) this.#end(status, text);
    else {
      this.#opened = true;
      this.#ending = true;
      this.stream.sendHeaders([...responseHeaders, ...trailersFrom(status, text)], true);
    }
    // A caller that goes on sending, or never reads, does not keep the stream.
    this.closeSoon(errorCode.cancel);
  }

  /** As `fail`, and the owner is told. */
  refuse(status: number, text: string): void {
    if (this.isOver) return;
    this.conclude({ status, text });
    this.fail(status, text);
  }

  #end(status: number, text: string): void {
    this.#ending = true;
    if (status !== grpcStatus.ok) this.stream.dropUnsent();
    this.stream.end(trailersFrom(status, text));
  }

  override headers(): void {}

  /** Of a request: there is nothing that they could say. */
  override trailers(): void {}

  protected override endedWithoutStatus(): void {
    this.owner.halfClosed();
  }
}

function trailersFrom(status: number, text: string): readonly HeaderField[] {
  const fields: HeaderField[] = [["grpc-status", String(status)]];
  if (text !== "") fields.push(["grpc-message", encodeGrpcMessage(text)]);
  return fields;
}
