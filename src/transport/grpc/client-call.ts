import type { ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { type CallOutcome, CallStream, outcomeFrom } from "./call-stream.js";
import { grpcStatus } from "./status.js";

/** The calling end of a call. */
export class ClientCall extends CallStream {
  #opened = false;
  #answered: () => void = () => {};

  constructor(stream: ClientHttp2Stream, deadlineMs: number | null) {
    super(stream);
    stream.on("response", (headers) => this.#response(headers));
    stream.on("trailers", (headers) => {
      this.received(outcomeFrom(headers) ?? { status: grpcStatus.unknown, text: "the call ended without a status" });
      if (!stream.writableEnded) stream.end();
    });
    if (deadlineMs !== null) {
      this.setDeadline(deadlineMs, () => {
        this.conclude({ status: grpcStatus.deadlineExceeded, text: `no answer within ${deadlineMs} ms` });
        this.cancel(grpcStatus.cancelled);
      });
    }
  }

  /** Called when the server takes the call. */
  onAnswer(answered: () => void): void {
    this.#answered = answered;
  }

  protected override open(): void {
    this.#opened = true;
  }

  get opened(): boolean {
    return this.#opened;
  }

  /** We send no more; the server says how it ended. */
  finish(): void {
    if (!this.stream.destroyed) this.stream.end();
  }

  /** Gives the call up. The owner is not told. */
  cancel(code: number): void {
    this.forget();
    if (!this.stream.destroyed) this.stream.close(code);
  }

  /** Gives the call up after a last message that says why, and resets it if the server does not end it. */
  leave(last: Uint8Array, code: number): void {
    this.forget();
    if (this.stream.destroyed) return;
    this.stream.end(last);
    this.closeSoon(code);
  }

  #response(headers: IncomingHttpHeaders): void {
    const outcome = outcomeFrom(headers) ?? httpOutcome(headers);
    if (outcome === null) {
      this.#answered();
      return;
    }
    this.received(outcome);
    if (!this.stream.writableEnded) this.stream.end();
    if (outcome.status !== grpcStatus.ok) this.conclude(outcome);
  }

  protected override endedWithoutStatus(): void {
    // Trailers come before the end; without them the peer, or a proxy, cut the call.
    this.received({ status: grpcStatus.unavailable, text: "the call was cut without a status" });
    this.conclude({ status: grpcStatus.unavailable, text: "the call was cut without a status" });
  }
}

/** What a response that is not gRPC means: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
function httpOutcome(headers: IncomingHttpHeaders): CallOutcome | null {
  const status = Number(headers[":status"] ?? 0);
  const type = headers["content-type"] ?? "";
  if (status === 200 && type.startsWith("application/grpc")) return null;
  if (status === 200) return { status: grpcStatus.unknown, text: `the answer is ${type || "untyped"} and not gRPC` };
  const text = `something in between answered HTTP ${status}`;
  switch (status) {
    case 400:
      return { status: grpcStatus.internal, text };
    case 401:
      return { status: grpcStatus.unauthenticated, text };
    case 403:
      return { status: grpcStatus.permissionDenied, text };
    case 404:
      return { status: grpcStatus.unimplemented, text };
    case 429:
    case 502:
    case 503:
    case 504:
      return { status: grpcStatus.unavailable, text };
    default:
      return { status: grpcStatus.unknown, text };
  }
}
