import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { Http2Connection, type Http2Stream } from "../http2/index.js";
import { createStrangers, type Strangers } from "../strangers.js";
import { type DispatchOptions, dispatch, type ErrorMapper } from "./dispatch.js";
import { type KeepaliveOptions, keepAlive } from "./keepalive.js";
import { requireTls } from "./plaintext.js";
import type { ServerCall } from "./server-call.js";
import type { Peer, ServiceMethod } from "./services.js";

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
  readonly kind: "connected" | "disconnected" | "dead" | "limited" | "broken" | "failed" | "tls-failed";
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
  /** Connections at a time on which no call was taken yet; for one more an old one is closed. Default 1000. */
  readonly maxStrangers?: number | undefined;
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
/** How long a connection that is cut may take to close. */
const cutMs = 1500;
/** Calls of one connection that nobody has taken: not answered yet, or refused and not yet gone. */
const maxUnanswered = 1000;

/** gRPC on HTTP/2: lanes as pipes, everything else as protobuf messages. One server carries all services. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const { tls, onEvent = () => {} } = options;
  const serving: Serving = {
    options,
    onEvent,
    connections: new Set(),
    strangers: createStrangers(options.maxStrangers ?? 1000),
    dispatch: {
      methods: new Map(options.services.flat().map((method) => [method.path, method])),
      mapError: options.mapError ?? (() => null),
      failed: (path, error) => onEvent({ kind: "failed", peer: "", path, error }),
      draining: () => draining,
    },
  };
  let draining = false;
  /** Every socket, whatever it speaks yet. */
  const sockets = new Set<Socket>();
  const server = create(tls, serving);
  server.maxConnections = options.maxConnections ?? 10_000;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    const id = addressOf(socket);
    // From its first moment: a handshake that is never finished is a stranger as well.
    serving.strangers.came(id, socket.remoteAddress ?? "", () => socket.destroy());
    socket.once("close", () => {
      sockets.delete(socket);
      serving.strangers.left(id);
    });
  });
  /** Takes no more connections; resolves when those that there are have closed. */
  let ending: Promise<unknown> | null = null;
  const stopListening = () => {
    if (ending === null) {
      ending = server.listening ? once(server, "close") : Promise.resolve();
      if (server.listening) server.close();
    }
    return ending;
  };

  /** Cuts the connections, which still say so, and then whoever was not even through with the handshake. */
  const cut = async () => {
    for (const connection of [...serving.connections]) connection.destroy();
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, cutMs);
    await stopListening();
    clearTimeout(timer);
  };

  return {
    async listen({ host, port }) {
      requireTls(host, tls !== undefined, options.allowPlaintext ?? false);
      server.listen({ host, port });
      await once(server, "listening");
      const bound = server.address() as AddressInfo;
      return { host: bound.address, port: bound.port };
    },
    setTls({ key, cert, ca }) {
      if (tls === undefined) throw new Error("this server has no TLS");
      (server as TlsServer).setSecureContext({ key, cert, ca, minVersion: "TLSv1.2" });
    },
    async drain(deadlineMs) {
      draining = true;
      const gone = stopListening();
      // Says GOAWAY, lets the open calls end, then closes.
      for (const connection of serving.connections) connection.drain();
      const timer = setTimeout(() => void cut(), deadlineMs);
      await gone;
      clearTimeout(timer);
    },
    async close() {
      await cut();
    },
  };
}

/** What all connections of a server share. */
interface Serving {
  readonly options: GrpcServerOptions;
  readonly onEvent: (event: GrpcServerEvent) => void;
  readonly connections: Set<Http2Connection>;
  readonly strangers: Strangers;
  readonly dispatch: DispatchOptions;
}

function create(tls: GrpcServerTls | undefined, serving: Serving): Server {
  if (tls === undefined) return createServer({ noDelay: true }, (socket) => serve(socket, null, serving));
  const server = createTlsServer(
    {
      key: tls.key,
      cert: tls.cert,
      ca: tls.ca,
      requestCert: tls.requestClientCert ?? false,
      // A caller without a certificate is served; one with a bad certificate counts as without.
      rejectUnauthorized: false,
      minVersion: "TLSv1.2",
      ALPNProtocols: ["h2"],
      handshakeTimeout: handshakeMs,
      noDelay: true,
    },
    (socket) => {
      socket.disableRenegotiation();
      // Who names no protocol in the handshake, or another, does not speak ours.
      if (socket.alpnProtocol === "h2") serve(socket, socket, serving);
      else socket.destroy();
    },
  );
  server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
    serving.onEvent({ kind: "tls-failed", peer: socket.remoteAddress ?? "unknown", error });
    socket.destroy();
  });
  return server;
}

function serve(
  socket: Socket,
  tls: TLSSocket | null,
  { options, onEvent, connections, strangers, dispatch: dispatching }: Serving,
): void {
  const { keepalive = {}, strangerMs = 60_000 } = options;
  const { remoteAddress = "" } = socket;
  const peer: Peer = {
    address: addressOf(socket),
    certificate: tls?.authorized === true ? (tls.getPeerX509Certificate()?.raw ?? null) : null,
    encrypted: tls !== null,
    close: () => connection.destroy(),
  };
  let unanswered = 0;
  const taken = (stream: Http2Stream) => {
    clearTimeout(stranger);
    strangers.left(peer.address);
    connection.trust();
    stream.onClosed(unused);
  };
  /** What was proven once is no right to a place for good: whoever has a use for the connection has a call on it. */
  const unused = () => {
    if (connection.closed || connection.calls > 0) return;
    strangers.came(peer.address, remoteAddress, () => connection.destroy());
  };
  const connection = new Http2Connection(
    socket,
    { isClient: false, encrypted: tls !== null },
    {
      ready: () => clearTimeout(silent),
      opened(stream, headers) {
        if (unanswered >= maxUnanswered) {
          onEvent({ kind: "limited", peer: peer.address });
          return connection.destroy();
        }
        const call = dispatch(stream, headers, peer, dispatching);
        if (call?.answered && !call.isOver) return taken(stream);
        unanswered++;
        whenAnswered(stream, call, (over) => {
          unanswered--;
          if (!over) taken(stream);
        });
      },
      goaway() {},
      closed(error) {
        connections.delete(connection);
        clearTimeout(silent);
        clearTimeout(stranger);
        stopKeepalive();
        if (error !== null) onEvent({ kind: "broken", peer: peer.address, error });
        onEvent({ kind: "disconnected", peer: peer.address });
      },
    },
  );
  connections.add(connection);
  onEvent({ kind: "connected", peer: peer.address });
  const silent = setTimeout(() => connection.destroy(), handshakeMs);
  // Ten thousand connections that nobody uses would be all that there are.
  const stranger = setTimeout(() => connection.destroy(), strangerMs);
  stranger.unref();
  const stopKeepalive = keepAlive(connection, keepalive, () => {
    onEvent({ kind: "dead", peer: peer.address });
    connection.destroy();
  });
}

/** Tells connections that are open apart; the same for a TLS socket as for the one below it. */
function addressOf({ remoteAddress = "unknown", remotePort = 0 }: Socket): string {
  return remoteAddress.includes(":") ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** A refused call lives on until the caller lets go of it; a stranger could pile up any number of those. */
function whenAnswered(stream: Http2Stream, call: ServerCall | null, told: (over: boolean) => void): void {
  const gone = () => {
    if (stream.closed) told(true);
    else stream.onClosed(() => told(true));
  };
  if (call === null || call.isOver) gone();
  else
    call.onAnswered(() => {
      if (call.isOver) gone();
      else told(false);
    });
}
