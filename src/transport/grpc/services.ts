import type { DescMessage, DescMethod, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Headers } from "../http2/index.js";
import type { Pipe } from "../pipe.js";
import type { FrameSchema } from "./gen/hoop/v1/frame_pb.js";
import type { MessageStream } from "./message-stream.js";

/** Who is at the other end of a connection. */
export interface Peer {
  /** `10.0.0.5:51234`, `[::1]:51234`. */
  readonly address: string;
  /** DER of the client certificate, only when the chain was verified against our authority. */
  readonly certificate: Buffer | null;
  /** Whether the connection itself is TLS. */
  readonly encrypted: boolean;
  /** Ends the whole connection, every call on it included. */
  close(): void;
}

/** What a handler knows about its call. */
export interface CallContext {
  /** `/hoop.v1.AgentService/Lane`. */
  readonly path: string;
  readonly headers: Headers;
  readonly peer: Peer;
  /** Aborts when the call is over, whoever ended it, and when the caller's deadline passes. */
  readonly signal: AbortSignal;
  /** Whether the call is over: the same without a listener, where a lane need only be asked. */
  readonly over: boolean;
  /** The token of `authorization: Bearer …`; null: none. */
  readonly bearer: string | null;
  /** Milliseconds since the epoch; null: the caller set none. */
  readonly deadline: number | null;
  /** Ends the call with a status of gRPC that a pipe's abort has no word for. */
  refuse(status: number, text: string): void;
}

export type UnaryHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  call: CallContext,
) => Promise<MessageInitShape<O>>;

/** The stream was started already: `send`, then `end` or `fail`; `call.signal` tells when the caller is gone. */
export type ServerStreamingHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  stream: Omit<MessageStream<never, MessageInitShape<O>>, "start">,
  call: CallContext,
) => void;

export type BidiHandler<I extends DescMessage, O extends DescMessage> = (
  stream: MessageStream<MessageShape<I>, MessageInitShape<O>>,
  call: CallContext,
) => void;

/** The pipe is not started; aborting it before anything was written refuses the call with that reason. */
export type LaneHandler = (pipe: Pipe, call: CallContext) => void;

type HandlerOf<M> = M extends { input: typeof FrameSchema; output: typeof FrameSchema }
  ? LaneHandler
  : M extends { methodKind: infer K; input: infer I extends DescMessage; output: infer O extends DescMessage }
    ? K extends "unary"
      ? UnaryHandler<I, O>
      : K extends "server_streaming"
        ? ServerStreamingHandler<I, O>
        : BidiHandler<I, O>
    : never;

export type Handlers<S extends DescService> = { readonly [K in keyof S["method"]]: HandlerOf<S["method"][K]> };

export interface ServiceMethod {
  readonly path: string;
  readonly descriptor: DescMethod;
  readonly handler: unknown;
}

/** A service and what answers it, for `createGrpcServer`. Every method must be answered. */
export function service<S extends DescService>(descriptor: S, handlers: Handlers<S>): readonly ServiceMethod[] {
  return descriptor.methods.map((method) => ({
    path: `/${descriptor.typeName}/${method.name}`,
    descriptor: method,
    handler: handlers[method.localName as keyof Handlers<S>],
  }));
}

/** Lanes are told by their type: bytes both ways. */
export function isLane(method: DescMethod): boolean {
  return method.input.typeName === "hoop.v1.Frame" && method.output.typeName === "hoop.v1.Frame";
}
