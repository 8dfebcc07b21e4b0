import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { Duplex } from "node:stream";

export interface HttpHandlers {
  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The client broke the protocol. */
  malformed(socket: Duplex, error: Error): void;
}

const handlersOf = new WeakMap<object, HttpHandlers>();

/** Node's parsers for every lane; neither listens. Lanes have deadlines of their own, an idle or long exchange is none of its business. */
const http1 = createServer({
  maxHeaderSize: 64 * 1024,
  requestTimeout: 0,
  headersTimeout: 0,
  keepAliveTimeout: 0,
  insecureHTTPParser: false,
  requireHostHeader: true,
  joinDuplicateHeaders: false,
});
http1.maxHeadersCount = 500;
http1.on("request", (request, response) => handlersOf.get(request.socket)?.request(request, response, false));
http1.on("checkContinue", (request, response) => handlersOf.get(request.socket)?.request(request, response, true));
http1.on("checkExpectation", (_request, response: ServerResponse) => response.writeHead(417).end());
http1.on("upgrade", (request, socket, head) => handlersOf.get(socket)?.upgrade(request, socket, head));
http1.on("connect", (_request, socket) =>
  socket.end(
    "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  ),
);
http1.on("clientError", (error, socket) => handlersOf.get(socket)?.malformed(socket, error));

const http2 = createHttp2Server({
  maxSessionMemory: 64,
  maxHeaderListPairs: 500,
  maxSendHeaderBlockLength: 256 * 1024,
  settings: {
    initialWindowSize: 1024 * 1024,
    maxConcurrentStreams: 128,
    maxHeaderListSize: 64 * 1024,
    enablePush: false,
  },
});
http2.on("session", (session: ServerHttp2Session) => {
  if (opening) handlersOf.set(session, opening);
});
http2.on("request", (request, response) => {
  // A stream that was reset at once has no session any more.
  const { session } = request.stream;
  if (session) handlersOf.get(session)?.request(request as never, response as never, false);
});
http2.on("checkContinue", (request, response) => {
  const { session } = request.stream;
  if (session) handlersOf.get(session)?.request(request as never, response as never, true);
});
http2.on("sessionError", (_error, session: ServerHttp2Session) => session.destroy());

let opening: HttpHandlers | null = null;

/** Has a client's stream read as HTTP/1.1. */
export function serveHttp1(stream: Duplex, handlers: HttpHandlers): void {
  handlersOf.set(stream, handlers);
  http1.emit("connection", stream);
  // Whoever looked at the first bytes has paused the stream.
  stream.resume();
}

/** Has a client's stream read as HTTP/2; the preface is its first bytes. */
export function serveHttp2(stream: Duplex, handlers: HttpHandlers): void {
  opening = handlers;
  try {
    http2.emit("connection", stream);
  } finally {
    opening = null;
  }
}
