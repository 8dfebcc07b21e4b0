import { GrpcError, grpcStatus } from "../transport/grpc/index.js";
import { type ErrorCode, HoopError } from "../vocabulary/index.js";

const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  invalid: grpcStatus.invalidArgument,
  unauthenticated: grpcStatus.unauthenticated,
  denied: grpcStatus.permissionDenied,
  "not-found": grpcStatus.notFound,
  conflict: grpcStatus.alreadyExists,
  "precondition-failed": grpcStatus.failedPrecondition,
  "too-large": grpcStatus.resourceExhausted,
  limited: grpcStatus.resourceExhausted,
  malformed: grpcStatus.invalidArgument,
  unsupported: grpcStatus.unimplemented,
  unavailable: grpcStatus.unavailable,
  timeout: grpcStatus.deadlineExceeded,
  cancelled: grpcStatus.cancelled,
  internal: grpcStatus.internal,
};

/** A HoopError as gRPC tells it; null for anything else. For `createGrpcServer({ mapError: grpcErrorFrom })`. */
export function grpcErrorFrom(thrown: unknown): GrpcError | null {
  if (!(thrown instanceof HoopError)) return null;
  return new GrpcError(statusOfCode[thrown.code], thrown.message, { cause: thrown });
}
