import type { Headers, Http2Stream } from "../http2/index.js";
import { type CallOutcome, CallStream, outcomeFrom } from "./call-stream.js";
import { grpcStatus } from "./status.js";

/** The calling end of a call. */
export class ClientCall extends CallStream {
  constructor(stream: Http2Stream, deadlineMs: number | null) {
    super(stream);
    if (deadlineMs !== null) {
      this.setDeadline(deadlineMs, () => {
        this.conclude({ status: grpcStatus.deadlineExceeded, text: `no answer within ${deadlineMs} ms` });
        this.cancel(grpcStatus.cancelled);
      });
    }
  }

  /** The headers went with the stream. */
  protected override open(): void {}

  /** We send no more; the server says how it ended. */
  finish(): void {
    this.stream.end(null);
  }

  /** Gives the call up. The owner is not told. */
  cancel(code: number): void {
    this.forget();
    this.stream.reset(code);
  }

  /** Gives the call up after a last message that says why, and resets it if the server does not end it. */
  leave(prefix: Uint8Array, last: Uint8Array, code: number): void {
    this.forget();
    this.stream.write(prefix, prefix.length, last);
    this.stream.end(null);
    this.closeSoon(code);
  }

  override headers(headers: Headers): void {
    const outcome = outcomeFrom(headers) ?? httpOutcome(headers);
    if (outcome === null) return;
    this.#answered(outcome);
    if (outcome.status !== grpcStatus.ok) this.conclude(outcome);
  }

  override trailers(headers: Headers): void {
    this.#answered(outcomeFrom(headers) ?? { status: grpcStatus.unknown, text: "the call ended without a status" });
  }

  /** The server has said how it ended: what we have not sent, nobody waits for. */
  #answered(outcome: CallOutcome): void {
    this.received(outcome);
    this.stream.dropUnsent();
    this.stream.end(null);
  }

  protected override endedWithoutStatus(): void {
    // Trailers come before the end; without them the peer, or a proxy, cut the call.
    this.received({ status: grpcStatus.unavailable, text: "the call was cut without a status" });
    this.conclude({ status: grpcStatus.unavailable, text: "the call was cut without a status" });
  }
}
/** What a response that is not gRPC means: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
function httpOutcome(headers: Headers): CallOutcome | null {
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
