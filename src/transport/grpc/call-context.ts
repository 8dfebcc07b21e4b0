import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { ServerCall } from "./server-call.js";
import type { CallContext, Peer } from "./services.js";

const peers = new WeakMap<Http2Session, Peer>();

/** The peer of a session, looked up once: its certificate cannot change. */
export function peerOf(session: Http2Session): Peer {
  const known = peers.get(session);
  if (known !== undefined) return known;
  const { remoteAddress = "unknown", remotePort = 0 } = session.socket;
  const tls = session.encrypted === true ? (session.socket as TLSSocket) : null;
  const peer: Peer = {
    address: remoteAddress.includes(":") ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`,
    certificate: tls?.authorized === true ? (tls.getPeerX509Certificate()?.raw ?? null) : null,
    encrypted: session.encrypted === true,
    close: () => session.destroy(),
  };
  peers.set(session, peer);
  return peer;
}

/** What the handler of this call is told; `over` must be called when the call is. */
export class ServerContext implements CallContext {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly peer: Peer;
  readonly deadline: number | null;
  readonly #stream: ServerHttp2Stream;
  readonly #call: ServerCall;
  #abort: AbortController | null = null;

  constructor(stream: ServerHttp2Stream, call: ServerCall, path: string, peer: Peer, timeoutMs: number | null) {
    this.path = path;
    this.headers = call.headers;
    this.peer = peer;
    this.deadline = timeoutMs === null ? null : Date.now() + timeoutMs;
    this.#stream = stream;
    this.#call = call;
  }

  /** Made on first use: most lanes need none. */
  get signal(): AbortSignal {
    if (this.#abort === null) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.#stream.destroyed || this.#call.isOver) abort.abort();
      else this.#call.onOver(() => abort.abort());
    }
    return this.#abort.signal;
  }

  get bearer(): string | null {
    const match = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(this.headers.authorization ?? "");
    return match?.[1] ?? null;
  }

  refuse(status: number, text: string): void {
    this.#call.refuse(status, text);
  }
}
