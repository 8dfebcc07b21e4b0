import { TransportError } from "../error.js";
import { errorCode } from "../http2/index.js";
import type { PipeAbort } from "../pipe.js";

/** The status codes of gRPC: https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const grpcStatus = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** How a call ended, in gRPC's words. Thrown by handlers and by calls; `message` travels to the peer. */
export class GrpcError extends TransportError {
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(abortCodeFrom(status), message, options);
    this.name = "GrpcError";
    this.status = status;
  }
}

const statusOfAbort: Readonly<Record<PipeAbort["code"], number>> = {
  cancelled: grpcStatus.cancelled,
  denied: grpcStatus.permissionDenied,
  unavailable: grpcStatus.unavailable,
  timeout: grpcStatus.deadlineExceeded,
  limited: grpcStatus.resourceExhausted,
  malformed: grpcStatus.invalidArgument,
  internal: grpcStatus.internal,
};

export function statusFrom(abort: PipeAbort): number {
  return statusOfAbort[abort.code];
}

/** Several statuses fall into one code: a pipe's owner acts on the code and shows the text. */
export function abortCodeFrom(status: number): PipeAbort["code"] {
  switch (status) {
    case grpcStatus.cancelled:
    case grpcStatus.aborted:
      return "cancelled";
    case grpcStatus.permissionDenied:
    case grpcStatus.unauthenticated:
      return "denied";
    case grpcStatus.unavailable:
    case grpcStatus.notFound:
    case grpcStatus.unimplemented:
    case grpcStatus.failedPrecondition:
      return "unavailable";
    case grpcStatus.deadlineExceeded:
      return "timeout";
    case grpcStatus.resourceExhausted:
      return "limited";
    case grpcStatus.invalidArgument:
    case grpcStatus.outOfRange:
      return "malformed";
    default:
      return "internal";
  }
}

/** The HTTP/2 code whose gRPC meaning comes closest, where the reason itself cannot travel. */
export function resetCodeFrom(code: PipeAbort["code"]): number {
  switch (code) {
    case "denied":
      return errorCode.inadequateSecurity;
    case "unavailable":
      return errorCode.refusedStream;
    case "limited":
      return errorCode.enhanceYourCalm;
    case "malformed":
      return errorCode.protocolError;
    case "internal":
      return errorCode.internalError;
    default:
      return errorCode.cancel;
  }
}

/** What a stream that was reset without a status means. */
export function abortFromReset(code: number): PipeAbort {
  switch (code) {
    case errorCode.noError:
      return { code: "unavailable", text: "the other side closed the call without a status" };
    case errorCode.cancel:
      return { code: "cancelled", text: "the other side gave up" };
    case errorCode.refusedStream:
      return { code: "unavailable", text: "the other side refused the call" };
    case errorCode.enhanceYourCalm:
      return { code: "limited", text: "the other side is over its limits" };
    case errorCode.inadequateSecurity:
      return { code: "denied", text: "the other side denied the call" };
    case errorCode.protocolError:
      return { code: "malformed", text: "the other side found the call malformed" };
    default:
      return { code: "internal", text: "the other side failed" };
  }
}

/** `grpc-message` is percent-encoded UTF-8: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses */
export function encodeGrpcMessage(text: string): string {
  let out = "";
  for (const byte of Buffer.from(text.slice(0, maxMessageChars), "utf8")) {
    out += byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte) : `%${hex(byte)}`;
  }
  return out;
}

/** Never throws: what is not valid stays as it is, as the specification asks. */
export function decodeGrpcMessage(text: string): string {
  if (!text.includes("%")) return text;
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const digits = text.slice(at + 1, at + 3);
    if (code === 0x25 && /^[0-9a-fA-F]{2}$/.test(digits)) {
      bytes.push(Number.parseInt(digits, 16));
      at += 2;
    } else bytes.push(code & 0xff);
  }
  return Buffer.from(bytes).toString("utf8");
}

const maxMessageChars = 2048;
const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, "0");
