import type { Pipe } from "../pipe.js";
import { ClientService, type WatchResponse } from "./gen/hoop/v1/client_pb.js";
import type { MessageSink } from "./message-stream.js";
import type { GrpcSession } from "./session.js";
import { GrpcError, grpcStatus } from "./status.js";

/** Metadata of a client's lane. */
export const connectionHeader = "hoop-connection";

export interface OpenLaneOptions {
  /** The connection's name. */
  readonly connection: string;
  readonly token: string;
  /** Further metadata, for what the gateway may want to record (the program, the machine). Lower-case names. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Opens a lane to a connection. A refusal arrives as the pipe's abort; throws TransportError `unavailable` without a connection. */
export function openLane(session: GrpcSession, { connection, token, headers }: OpenLaneOptions): Pipe {
  return session.lane(ClientService.method.lane, {
    headers: { ...headers, [connectionHeader]: connection, authorization: `Bearer ${token}` },
  });
}

export interface WatchOptions {
  readonly token: string;
  readonly version: string;
  readonly capabilities?: readonly string[] | undefined;
  readonly sink: MessageSink<WatchResponse>;
}

/** Watches the caller's connections on one connection to the gateway; returns the way to stop. Watch again on the next one. */
export function watchConnections(
  session: GrpcSession,
  { token, version, capabilities = [], sink }: WatchOptions,
): () => void {
  const stream = session.stream(ClientService.method.watch, { headers: { authorization: `Bearer ${token}` } });
  stream.start(sink);
  stream.send({ version, capabilities: [...capabilities] });
  stream.end();
  return () => stream.fail(new GrpcError(grpcStatus.cancelled, "no longer wanted"));
}
