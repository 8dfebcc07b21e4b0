import {
  type Agent,
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import type { Duplex, Readable } from "node:stream";
import type { SessionHost } from "../../protocol/index.js";
import { kernelSocket, pipeDuplex, securePipe } from "../../transport/tls/index.js";
import { deadline, HoopError } from "../../vocabulary/index.js";
import { certificateOf } from "./credential.js";
import { asObject, asRaw, type RawHeaders, trailersFrom } from "./headers.js";
import type { Presence } from "./presence.js";
import type { HttpTarget } from "./target.js";

export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: readonly string[];
  /** Null: the request has no body. */
  readonly body: Readable | null;
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
  /** HTTP/2 is needed whatever the target offers (gRPC). */
  readonly needsHttp2: boolean;
  /** Trailers of the request, once its body has ended. */
  readonly trailers: () => RawHeaders;
  readonly client: Presence;
  readonly onContinue: () => void;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  readonly body: Readable;
  /** After the body has ended: whether that was the end of the answer. HTTP/2 ends a stream that was reset like one that was sent to its end. */
  readonly whole: () => boolean;
  /** After the body has ended. */
  readonly trailers: () => RawHeaders;
  /** The body, where all of it is here already; null: it is to be read from `body`. */
  atOnce(): Buffer | null;
  /** Whether all of the request is on its way. */
  asked(): boolean;
}

export interface UpstreamUpgrade {
  readonly answer: UpstreamAnswer;
  /** Null: the target answered as usual and did not upgrade. */
  readonly socket: Duplex | null;
  readonly head: Buffer;
}

/** Connections to one target kept at once by one lane. */
const maxConnections = 16;
const connectMs = 15_000;

type Opened = { readonly socket: Duplex; readonly http2: boolean };

/** The target of one session: HTTP/1.1 connections that are kept, or one of HTTP/2. */
export class Upstream {
  readonly #host: SessionHost;
  readonly #target: HttpTarget;
  readonly #agent: Agent;
  #http2: Promise<ClientHttp2Session> | null = null;
  /** Not known before the first handshake, where the target may choose. */
  #speaks: "unknown" | "http1" | "http2";
  #spare: Duplex | null = null;

  constructor(host: SessionHost, target: HttpTarget) {
    this.#host = host;
    this.#target = target;
    this.#speaks =
      target.http2 === "prior-knowledge"
        ? "http2"
        : target.http2 === "off" || target.scheme === "http"
          ? "http1"
          : "unknown";
    this.#agent = new LaneAgent(() => this.#takeHttp1());
  }

  async send(request: UpstreamRequest): Promise<UpstreamAnswer> {
    if (await this.#isHttp2(request.needsHttp2)) return this.#sendHttp2(request);
    return this.#sendHttp1(request);
  }

  /** HTTP/1.1 only, where connections can become something else. */
  upgrade(request: UpstreamRequest): Promise<UpstreamUpgrade> {
    return new Promise((resolve, reject) => {
      const sent = this.#begin(request);
      sent.once("upgrade", (answer, socket, head) => resolve({ answer: answerFrom(sent, answer), socket, head }));
      sent.once("response", (answer) =>
        resolve({ answer: answerFrom(sent, answer), socket: null, head: Buffer.alloc(0) }),
      );
      sent.once("error", (error) => reject(failure(error)));
      sent.end();
    });
  }

  close(): void {
    this.#agent.destroy();
    this.#spare?.destroy();
    this.#http2?.then(
      (session) => session.destroy(),
      () => {},
    );
  }

  async #isHttp2(needed: boolean): Promise<boolean> {
    if (needed && this.#target.http2 !== "off" && this.#target.scheme === "http") return true;
    if (this.#speaks === "unknown") {
      const opened = await this.#open(true);
      this.#speaks = opened.http2 ? "http2" : "http1";
      if (opened.http2) this.#http2 = this.#session(opened.socket);
      else this.#spare = opened.socket;
    }
    return this.#speaks === "http2";
  }

  async #open(offerHttp2: boolean): Promise<Opened> {
    const { signal, init } = this.#host;
    const pipe = await this.#host.dial(deadline(connectMs, signal));
    if (this.#target.scheme === "http") return { socket: pipeDuplex(pipe), http2: false };
    const { tls, host } = init.connection;
    const own = this.#target.auth.kind === "mtls" ? certificateOf(init.credential.secret) : undefined;
    if (own === null)
      throw new HoopError("denied", "the connection's secret is not the PEM of a private key and its certificate");
    const mode = tls.mode === "verify-ca" || tls.mode === "require" ? tls.mode : "verify-full";
    const secured = await securePipe(pipe, {
      role: "client",
      mode,
      serverName: tls.serverName ?? host,
      ca: tls.ca,
      own,
      head: null,
      alpn: offerHttp2 ? ["h2", "http/1.1"] : ["http/1.1"],
      signal,
    });
    return { socket: pipeDuplex(secured.pipe), http2: secured.info.alpn === "h2" };
  }

  async #takeHttp1(): Promise<Duplex> {
    const spare = this.#spare;
    this.#spare = null;
    if (spare && !spare.destroyed) return spare;
    return (await this.#open(false)).socket;
  }

  #begin({ method, url, headers, client }: UpstreamRequest): ClientRequest {
    const sent = httpRequest({
      agent: this.#agent,
      method,
      path: url,
      headers: ["Host", this.#target.authority, ...headers] as never,
      setHost: false,
      maxHeaderSize: 64 * 1024,
    });
    const stop = () => void sent.destroy(new HoopError("cancelled", "the client went away"));
    if (client.left) stop();
    else client.onLeave(stop);
    return sent;
  }

  #sendHttp1(request: UpstreamRequest): Promise<UpstreamAnswer> {
    return new Promise((resolve, reject) => {
      const sent = this.#begin(request);
      const { body } = request;
      let answered = false;
      const stop = (error: Error) => {
        body?.unpipe(sent);
        reject(failure(error));
      };
      sent.once("error", stop);
      sent.once("response", (answer) => {
        answered = true;
        resolve(answerFrom(sent, answer));
      });
      if (body === null) return sent.end();
      const sendBody = () => {
        body.once("end", () => {
          const trailers = trailersFrom(request.trailers());
          try {
            if (trailers.length > 0) sent.addTrailers(pairs(trailers));
            sent.end();
          } catch (error) {
            sent.destroy(error as Error);
          }
        });
        body.pipe(sent, { end: false });
      };
      if (!request.expectsContinue) return sendBody();
      sent.flushHeaders();
      sent.once("continue", () => {
        if (answered) return;
        request.onContinue();
        sendBody();
      });
    });
  }

  async #sendHttp2(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const session = await this.#sessionNow();
    const { method, url, body, headers } = request;
    const stream = session.request(
      {
        ":method": method,
        ":path": url,
        ":scheme": this.#target.scheme,
        ":authority": this.#target.authority,
        ...asObject(headers),
      },
      { endStream: body === null, signal: request.client.signal, waitForTrailers: body !== null },
    );
    return new Promise((resolve, reject) => {
      stream.once("error", (error) => reject(failure(error)));
      stream.once("response", (_headers, _flags, raw) => resolve(http2Answer(stream, raw as never)));
      stream.once("close", () => reject(new HoopError("unavailable", "the target closed before it answered")));
      if (body === null) return;
      stream.once("wantTrailers", () => {
        try {
          stream.sendTrailers(asObject(trailersFrom(request.trailers())));
        } catch (error) {
          stream.destroy(error as Error);
        }
      });
      if (request.expectsContinue) request.onContinue();
      body.pipe(stream);
    });
  }

  async #sessionNow(): Promise<ClientHttp2Session> {
    const known = await this.#http2?.catch(() => null);
    if (known && !known.closed && !known.destroyed) return known;
    this.#http2 = this.#open(true).then(({ socket }) => this.#session(socket));
    return this.#http2;
  }

  async #session(opened: Duplex): Promise<ClientHttp2Session> {
    const socket = await kernelSocket(opened);
    return new Promise((resolve, reject) => {
      const session = connectHttp2(`${this.#target.scheme}://${this.#target.authority}`, {
        createConnection: () => socket,
        settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
      });
      session.once("connect", () => {
        session.setLocalWindowSize?.(4 * 1024 * 1024);
        resolve(session);
      });
      session.on("error", (error) => reject(failure(error)));
    });
  }
}

/** Node's own pool of kept connections, over lanes. */
class LaneAgent extends HttpAgent {
  readonly #open: () => Promise<Duplex>;

  constructor(open: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: maxConnections, scheduling: "lifo" });
    this.#open = open;
  }

  override createConnection(_options: unknown, done?: (error: Error | null, socket: Duplex) => void): undefined {
    this.#open().then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, null as never),
    );
    return undefined;
  }
}

function answerFrom(sent: ClientRequest, answer: IncomingMessage): UpstreamAnswer {
  return {
    status: answer.statusCode ?? 502,
    statusText: answer.statusMessage ?? "",
    headers: answer.rawHeaders,
    body: answer,
    whole: () => answer.complete,
    trailers: () => answer.rawTrailers,
    atOnce: () => bodyAtOnce(answer),
    asked: () => sent.writableFinished,
  };
}

/** Of a small answer, body and head come in one piece. */
function bodyAtOnce(answer: IncomingMessage): Buffer | null {
  if (!answer.complete || answer.readableFlowing !== null) return null;
  return (answer.read() as Buffer | null) ?? nothing;
}

const nothing = Buffer.alloc(0);

function http2Answer(stream: ClientHttp2Stream, raw: RawHeaders): UpstreamAnswer {
  let trailers: RawHeaders | null = null;
  stream.once("trailers", (_headers, _flags, rawTrailers?: RawHeaders) => {
    trailers = rawTrailers ?? asRaw(_headers);
  });
  const at = raw.indexOf(constants.HTTP2_HEADER_STATUS);
  return {
    status: Number(raw[at + 1]),
    statusText: "",
    headers: raw,
    body: stream,
    // Trailers are the end, whatever the target does to the stream after them.
    whole: () => trailers !== null || stream.rstCode === constants.NGHTTP2_NO_ERROR,
    trailers: () => trailers ?? [],
    atOnce: () => null,
    asked: () => stream.writableFinished,
  };
}

function pairs(raw: RawHeaders): [string, string][] {
  const result: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) result.push([raw[at]!, raw[at + 1]!]);
  return result;
}

function failure(error: Error): Error {
  if (error instanceof HoopError || error.name === "AbortError") return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code?.startsWith("HPE_")) return new HoopError("malformed", "the target's answer is not HTTP", { cause: error });
  if (code === "ECONNRESET" || code === "EPIPE" || code?.startsWith("ERR_HTTP2"))
    return new HoopError("unavailable", "the target closed the connection before it answered", { cause: error });
  return error;
}
