import type { DescMethod } from "@bufbuild/protobuf";
import { abortFrom, TransportError } from "../error.js";
import { errorCode, type Headers, type Http2Stream } from "../http2/index.js";
import { ServerContext } from "./call-context.js";
import { serverLane } from "./lane-pipe.js";
import { GrpcMessageStream } from "./message-stream.js";
import { ServerCall } from "./server-call.js";
import { isLane, type LaneHandler, type Peer, type ServiceMethod } from "./services.js";
import { GrpcError, grpcStatus, statusFrom } from "./status.js";
import { parseGrpcTimeout } from "./timeout.js";

/** Turns what a handler threw into what the caller is told; null: it is not known and must stay inside. */
export type ErrorMapper = (thrown: unknown) => GrpcError | null;

export interface DispatchOptions {
  readonly methods: ReadonlyMap<string, ServiceMethod>;
  readonly mapError: ErrorMapper;
  /** A handler failed in a way that nobody foresaw. */
  readonly failed: (path: string, thrown: unknown) => void;
  readonly draining: () => boolean;
}

// What the handler of a kind of method looks like once its types are gone.
type Untyped = (...args: readonly unknown[]) => unknown;

/** One call: checks that it is gRPC and known, and gives it to its handler. */
export function dispatch(
  stream: Http2Stream,
  headers: Headers,
  peer: Peer,
  options: DispatchOptions,
): ServerCall | null {
  const type = headers["content-type"] ?? "";
  if (!/^application\/grpc(\+proto)?(;|$)/.test(type) || headers[":method"] !== "POST") {
    stream.discard();
    stream.sendHeaders([[":status", headers[":method"] === "POST" ? "415" : "405"]], true);
    stream.reset(errorCode.noError);
    return null;
  }
  const path = headers[":path"] ?? "";
  const timeoutMs = parseGrpcTimeout(headers["grpc-timeout"]);
  const call = new ServerCall(stream, headers, timeoutMs ?? null);
  const method = options.methods.get(path);
  const refusal = refusalOf(headers, method, timeoutMs, options.draining());
  if (refusal !== null || method === undefined) {
    call.attach(nobody);
    call.fail(refusal?.status ?? grpcStatus.unimplemented, refusal?.message ?? "");
    return call;
  }
  const context = new ServerContext(call, path, peer, timeoutMs ?? null);
  const fail = (thrown: unknown): GrpcError => {
    const known = options.mapError(thrown) ?? (thrown instanceof GrpcError ? thrown : null);
    if (known !== null) return known;
    if (!(thrown instanceof TransportError)) options.failed(path, thrown);
    const abort = abortFrom(thrown, "something went wrong inside the gateway");
    return new GrpcError(statusFrom(abort), abort.text, { cause: thrown });
  };
  if (isLane(method.descriptor)) {
    const pipe = serverLane(call, `lane ${stream.id} of ${peer.address}`);
    try {
      (method.handler as LaneHandler)(pipe, context);
    } catch (thrown) {
      const error = fail(thrown);
      context.refuse(error.status, error.message);
    }
    return call;
  }
  serveMessages(call, context, method.descriptor, method.handler as Untyped, fail);
  return call;
}

function refusalOf(
  headers: Headers,
  method: ServiceMethod | undefined,
  timeoutMs: number | null | undefined,
  draining: boolean,
): GrpcError | null {
  if (method === undefined) return new GrpcError(grpcStatus.unimplemented, "this method is not known here");
  if (timeoutMs === undefined) return new GrpcError(grpcStatus.invalidArgument, "grpc-timeout is malformed");
  const encoding = headers["grpc-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    return new GrpcError(grpcStatus.unimplemented, "messages are taken uncompressed only");
  }
  if (draining) return new GrpcError(grpcStatus.unavailable, "this gateway is draining");
  return null;
}

/**
 * A method that takes one message answers callers who have proven nothing yet: what they ask fits into this, and comes soon.
 * A thousand calls that a stranger begins and never finishes then cost megabytes, and end.
 */
const maxQuestionBytes = 64 * 1024;
const questionMs = 10_000;

function serveMessages(
  call: ServerCall,
  context: ServerContext,
  { input, output, methodKind }: DescMethod,
  handler: Untyped,
  fail: (thrown: unknown) => GrpcError,
): void {
  if (methodKind === "bidi_streaming" || methodKind === "client_streaming") {
    const stream = new GrpcMessageStream(call, input, output);
    try {
      handler(stream, context);
    } catch (thrown) {
      stream.fail(fail(thrown));
    }
    return;
  }
  const stream = new GrpcMessageStream(call, input, output, maxQuestionBytes);
  const late = setTimeout(() => {
    stream.fail(new GrpcError(grpcStatus.deadlineExceeded, "the question did not come in time"));
  }, questionMs);
  let request: unknown = null;
  stream.start({
    message: (message) => {
      if (request === null) request = message;
      else stream.fail(new GrpcError(grpcStatus.invalidArgument, "this method takes one message"));
    },
    ended: () => {
      clearTimeout(late);
      if (request === null) {
        return stream.fail(new GrpcError(grpcStatus.invalidArgument, "this method takes one message"));
      }
      try {
        if (methodKind === "server_streaming") return void handler(request, stream, context);
        (handler(request, context) as Promise<never>).then(
          (response) => {
            stream.send(response);
            stream.end();
          },
          (thrown) => stream.fail(fail(thrown)),
        );
      } catch (thrown) {
        stream.fail(fail(thrown));
      }
    },
    closed: () => clearTimeout(late),
  });
}

const nobody = { data() {}, halfClosed() {}, drained() {}, over() {} };
