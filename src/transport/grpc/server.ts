import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { peerOf } from "./call-context.js";
import { dispatch, type ErrorMapper } from "./dispatch.js";
import { type KeepaliveOptions, keepAlive } from "./keepalive.js";
import { requireTls } from "./plaintext.js";
import type { ServiceMethod } from "./services.js";
import { connectionWindow, h2Limits, h2Settings } from "./settings.js";

export interface GrpcServerTls {
  /** PEM. */
  readonly key: string;
  /** PEM, leaf first, the authority last: who joins pins the authority and must see it. */
  readonly cert: string;
  /** PEM of the authorities that client certificates must come from. */
  readonly ca?: string | undefined;
  /** Asks every caller for a certificate and requires it of nobody: the handlers decide. */
  readonly requestClientCert?: boolean | undefined;
}

/** What the server tells its log. */
export interface GrpcServerEvent {
  readonly kind: "connected" | "disconnected" | "dead" | "limited" | "failed" | "tls-failed";
  readonly peer: string;
  readonly path?: string;
  readonly error?: unknown;
}

export interface GrpcServerOptions {
  /** Made by `service(descriptor, handlers)`. */
  readonly services: readonly (readonly ServiceMethod[])[];
  /** Absent: plaintext, on loopback addresses only unless `allowPlaintext`. */
  readonly tls?: GrpcServerTls | undefined;
  readonly allowPlaintext?: boolean | undefined;
  readonly keepalive?: KeepaliveOptions | undefined;
  readonly mapError?: ErrorMapper | undefined;
  readonly onEvent?: ((event: GrpcServerEvent) => void) | undefined;
  /** Connections at a time; more are closed at once. */
  readonly maxConnections?: number | undefined;
  /** From a connection to the first call on it that is taken, milliseconds; a caller who proves nothing by then is sent away. Default 60 s. */
  readonly strangerMs?: number | undefined;
}

export interface GrpcServer {
  /** Throws TransportError `denied` for plaintext where it is not allowed. Port 0: any free one. */
  listen(address: {
    readonly host: string;
    readonly port: number;
  }): Promise<{ readonly host: string; readonly port: number }>;
  /** New certificates from the next handshake on. */
  setTls(tls: GrpcServerTls): void;
  /** No new connections and calls; resolves when all calls are over, or after the deadline, when the rest is cut. */
  drain(deadlineMs: number): Promise<void>;
  /** Cuts everything. */
  close(): Promise<void>;
}

/** Milliseconds from a connection to its first SETTINGS: a client that says nothing is dropped. */
const handshakeMs = 10_000;
/** Calls of one connection that nobody has taken: not answered yet, or refused and not yet gone. */
const maxUnanswered = 1000;

/** gRPC on HTTP/2: lanes as pipes, everything else as protobuf messages. One server carries all services. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const { tls, keepalive = {}, onEvent = () => {}, strangerMs = 60_000 } = options;
  const methods = new Map(options.services.flat().map((method) => [method.path, method]));
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;
  const server = create(tls);
  server.maxConnections = options.maxConnections ?? 10_000;

  const dispatchOptions = {
    methods,
    mapError: options.mapError ?? (() => null),
    failed: (path: string, error: unknown) => onEvent({ kind: "failed", peer: "", path, error }),
    draining: () => draining,
  };

  server.on("session", (session: ServerHttp2Session) => {
    const peer = peerOf(session);
    sessions.add(session);
    onEvent({ kind: "connected", peer: peer.address });
    session.on("error", () => {});
    session.once("close", () => {
      sessions.delete(session);
      onEvent({ kind: "disconnected", peer: peer.address });
    });
    session.setLocalWindowSize(connectionWindow);
    const silent = setTimeout(() => session.destroy(), handshakeMs);
    session.once("remoteSettings", () => clearTimeout(silent));
    session.once("close", () => clearTimeout(silent));
    // Ten thousand connections that nobody uses would be all that there are.
    const stranger = setTimeout(() => session.destroy(), strangerMs);
    stranger.unref();
    session.once("close", () => clearTimeout(stranger));
    keepAlive(session, keepalive, () => {
      onEvent({ kind: "dead", peer: peer.address });
      session.destroy();
    });
    let unanswered = 0;
    session.on("stream", (stream, headers) => {
      if (unanswered >= maxUnanswered) {
        onEvent({ kind: "limited", peer: peer.address });
        return session.destroy();
      }
      const call = dispatch(stream, headers, peer, dispatchOptions);
      if (call?.answered && !call.isOver) {
        clearTimeout(stranger);
        return;
      }
      unanswered++;
      // A refused call lives on until the caller lets go of it; a stranger could pile up any number of those.
      const gone = () => {
        if (stream.destroyed) unanswered--;
        else stream.once("close", () => unanswered--);
      };
      if (call === null || call.isOver) gone();
      else {
        call.onAnswered(() => {
          if (call.isOver) return gone();
          unanswered--;
          clearTimeout(stranger);
        });
      }
    });
  });
  server.on("sessionError", () => {});
  server.on("tlsClientError", (error: Error, socket: { remoteAddress?: string }) =>
    onEvent({ kind: "tls-failed", peer: socket.remoteAddress ?? "unknown", error }),
  );

  async function closed(): Promise<void> {
    if (!server.listening && sessions.size === 0) return;
    const gone = once(server, "close");
    server.close();
    for (const session of sessions) session.destroy();
    await gone;
  }

  return {
    async listen({ host, port }) {
      requireTls(host, tls !== undefined, options.allowPlaintext ?? false);
      server.listen({ host, port, noDelay: true });
      await once(server, "listening");
      const bound = server.address() as AddressInfo;
      return { host: bound.address, port: bound.port };
    },
    setTls({ key, cert, ca }) {
      if (tls === undefined) throw new Error("this server has no TLS");
      (server as Http2SecureServer).setSecureContext({ key, cert, ca, minVersion: "TLSv1.2" });
    },
    async drain(deadlineMs) {
      draining = true;
      const gone = server.listening ? once(server, "close") : Promise.resolve();
      if (server.listening) server.close();
      const all = Promise.all([...sessions].map((session) => once(session, "close")));
      // Says GOAWAY, lets the open calls end, then closes.
      for (const session of sessions) session.close();
      const timer = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, deadlineMs);
      await Promise.all([gone, all]);
      clearTimeout(timer);
    },
    close: closed,
  };
}

function create(tls: GrpcServerTls | undefined): Http2Server | Http2SecureServer {
  const limits = { ...h2Limits, settings: h2Settings, streamResetBurst: 2000, streamResetRate: 200 };
  if (tls === undefined) return createServer(limits);
  return createSecureServer({
    ...limits,
    key: tls.key,
    cert: tls.cert,
    ca: tls.ca,
    requestCert: tls.requestClientCert ?? false,
    // A caller without a certificate is served; one with a bad certificate counts as without.
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
    allowHTTP1: false,
    handshakeTimeout: handshakeMs,
    noDelay: true,
  });
}
