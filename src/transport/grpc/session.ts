import { connect as connectSocket, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { TransportError } from "../error.js";
import { errorCode, type HeaderField, Http2Connection, type Http2Error } from "../http2/index.js";
import type { Pipe } from "../pipe.js";
import { ClientCall } from "./client-call.js";
import { type KeepaliveOptions, keepAlive } from "./keepalive.js";
import { clientLane } from "./lane-pipe.js";
import { GrpcMessageStream, type MessageStream } from "./message-stream.js";
import { requireTls } from "./plaintext.js";
import { GrpcError, grpcStatus } from "./status.js";
import { formatGrpcTimeout } from "./timeout.js";

export interface GrpcClientTls {
  /** PEM of the authorities to trust; the system's when absent. */
  readonly ca?: string | undefined;
  /** PEM of our own certificate and its key, for mutual TLS. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name that the server's certificate must be for, when it is not the host that is dialled. */
  readonly serverName?: string | undefined;
}

export interface GrpcSessionOptions {
  /** `https://host:port`, or `http://…` for plaintext, which needs a loopback host or `allowPlaintext`. */
  readonly url: string;
  readonly tls?: GrpcClientTls | undefined;
  readonly allowPlaintext?: boolean | undefined;
  readonly keepalive?: KeepaliveOptions | undefined;
  /** `hoop-agent/1.2.3`. */
  readonly userAgent: string;
  /** From dialling to the server's first SETTINGS. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** More metadata for each call, given its path and the metadata that it has: what proves the caller. */
  readonly prove?: ((path: string, headers: Readonly<Record<string, string>>) => Record<string, string>) | undefined;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as the call's deadline and kept here too. */
  readonly timeoutMs?: number | undefined;
}

/** Why a connection is over. */
export interface SessionEnd {
  readonly code: "lost" | "dead" | "drained" | "closed";
  readonly text: string;
}

/** A method with its own types. */
type Method<I extends DescMessage, O extends DescMessage> = Omit<DescMethod, "input" | "output" | "methodKind"> & {
  readonly input: I;
  readonly output: O;
};

/** One connection to a gateway: every call is a stream on it, every lane has its own flow control. */
export class GrpcSession {
  readonly #connection: Http2Connection;
  readonly #encrypted: boolean;
  readonly #userAgent: string;
  readonly #authority: string;
  readonly #prove: GrpcSessionOptions["prove"];
  #end: SessionEnd | null = null;
  #draining = false;
  #lanes = 0;

  /** Resolves when the connection is over, and says why. */
  readonly closed: Promise<SessionEnd>;
  /** Resolves when the server asked for no more calls; open ones go on. Or when the connection is over. */
  readonly drained: Promise<void>;

  constructor(connection: Http2Connection, told: ConnectionNews, url: URL, options: GrpcSessionOptions) {
    this.#connection = connection;
    this.#encrypted = url.protocol === "https:";
    this.#userAgent = options.userAgent;
    this.#authority = url.host;
    this.#prove = options.prove;
    const stopKeepalive = keepAlive(connection, options.keepalive ?? {}, () => {
      this.#end = { code: "dead", text: "the gateway stopped answering" };
      connection.destroy();
    });
    this.closed = told.closed.then((error) => {
      stopKeepalive();
      this.#end ??= {
        code: "lost",
        text:
          error === null
            ? "the connection to the gateway was lost"
            : `the connection to the gateway broke: ${error.message}`,
      };
      return this.#end;
    });
    this.drained = Promise.race([told.goaway, told.closed.then(() => {})]);
  }

  /** Whether new calls can be opened. */
  get usable(): boolean {
    return !this.#draining && this.#connection.usable;
  }

  /** Lanes that are open on this connection. */
  get lanes(): number {
    return this.#lanes;
  }

  /** No more calls; closes when the open ones are over. */
  drain(): void {
    this.#draining = true;
    this.#end ??= { code: "drained", text: "drained" };
    this.#connection.drain();
  }

  /** Cuts everything. */
  close(): void {
    this.#end ??= { code: "closed", text: "closed by us" };
    this.#connection.destroy();
  }

  /** A lane. Refusals arrive as the pipe's abort. Throws TransportError `unavailable` when the connection is over. */
  lane(method: Pick<DescMethod, "parent" | "name">, options: CallOptions = {}): Pipe {
    const call = this.#call(method, options);
    this.#lanes++;
    call.onOver(() => {
      this.#lanes--;
    });
    const pipe = clientLane(call, `lane to ${this.#authority}`);
    return pipe;
  }

  /** A stream of messages. Throws as `lane`. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    options: CallOptions = {},
  ): MessageStream<MessageShape<O>, MessageInitShape<I>> {
    return new GrpcMessageStream(this.#call(method as never, options), method.output, method.input);
  }

  /** One question, one answer. Throws GrpcError; a deadline of 30 s when none is given. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const stream = this.stream(method, { timeoutMs: 30_000, ...options });
    return new Promise((resolve, reject) => {
      let response: MessageShape<O> | null = null;
      stream.start({
        message: (message) => {
          if (response === null) response = message;
          else stream.fail(new GrpcError(grpcStatus.internal, "two answers to one question"));
        },
        closed: (error) => {
          if (error !== null) reject(error);
          else if (response === null) reject(new GrpcError(grpcStatus.internal, "no answer to a question"));
          else resolve(response);
        },
      });
      stream.send(request);
      stream.end();
    });
  }

  #call(method: Pick<DescMethod, "parent" | "name">, { headers, timeoutMs }: CallOptions): ClientCall {
    if (!this.usable) throw new TransportError("unavailable", this.#end?.text ?? "the gateway takes no new calls");
    const path = `/${method.parent.typeName}/${method.name}`;
    const stream = this.#connection.request([
      [":method", "POST"],
      [":scheme", this.#encrypted ? "https" : "http"],
      [":path", path],
      [":authority", this.#authority],
      ["content-type", "application/grpc"],
      ["te", "trailers"],
      ["user-agent", this.#userAgent],
      ["grpc-accept-encoding", "identity"],
      ...(timeoutMs === undefined ? [] : [["grpc-timeout", formatGrpcTimeout(timeoutMs)] as const]),
      ...Object.entries({ ...headers, ...this.#prove?.(path, headers ?? {}) }),
    ] satisfies HeaderField[]);
    return new ClientCall(stream, timeoutMs ?? null);
  }
}

/**
 * Connects once. Throws TransportError: `denied` (plaintext where it is not allowed, a certificate that is not trusted),
 * `unavailable`, `timeout`, `cancelled`.
 */
export async function connectGrpc(options: GrpcSessionOptions): Promise<GrpcSession> {
  const url = new URL(options.url);
  const encrypted = url.protocol === "https:";
  const { timeoutMs = 10_000, signal } = options;
  requireTls(url.hostname, encrypted, options.allowPlaintext ?? false);
  const where = url.host;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new TransportError("cancelled", "connecting was cancelled"));
    const socket = encrypted ? tlsSocket(url, options.tls ?? {}) : plainSocket(url);
    let connection: Http2Connection | null = null;
    const news = connectionNews();
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancelled);
      socket.removeListener("close", lost);
      socket.removeListener("error", failed);
    };
    const fail = (error: TransportError) => {
      settle();
      socket.on("error", () => {});
      connection?.destroy();
      socket.destroy();
      reject(error);
    };
    const cancelled = () => fail(new TransportError("cancelled", "connecting was cancelled"));
    const lost = () => fail(new TransportError("unavailable", `${where} closed the connection`));
    const failed = (error: Error) => fail(connectError(error, where));
    const timer = setTimeout(
      () => fail(new TransportError("timeout", `${where} did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal?.addEventListener("abort", cancelled, { once: true });
    socket.once("close", lost);
    socket.once("error", failed);
    socket.once(encrypted ? "secureConnect" : "connect", () => {
      if (encrypted && (socket as TLSSocket).alpnProtocol !== "h2") {
        return fail(new TransportError("unavailable", `${where} does not speak HTTP/2`));
      }
      const made = new Http2Connection(
        socket,
        { isClient: true, encrypted },
        {
          opened: (stream) => stream.reset(errorCode.refusedStream),
          ready() {
            settle();
            resolve(new GrpcSession(made, news, url, options));
          },
          goaway: () => news.tellGoaway(),
          closed: (error) => news.tellClosed(error),
        },
      );
      connection = made;
    });
  });
}

/** What a connection tells its session, as promises. */
interface ConnectionNews {
  readonly goaway: Promise<void>;
  readonly closed: Promise<Http2Error | null>;
}

function connectionNews(): ConnectionNews & { tellGoaway(): void; tellClosed(error: Http2Error | null): void } {
  let tellGoaway!: () => void;
  let tellClosed!: (error: Http2Error | null) => void;
  const goaway = new Promise<void>((resolve) => {
    tellGoaway = resolve;
  });
  const closed = new Promise<Http2Error | null>((resolve) => {
    tellClosed = resolve;
  });
  return { goaway, closed, tellGoaway, tellClosed };
}

function hostOf(url: URL): string {
  return url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
}

function plainSocket(url: URL): Socket {
  return connectSocket({ host: hostOf(url), port: Number(url.port || 80), noDelay: true });
}

function tlsSocket(url: URL, { ca, cert, key, serverName }: GrpcClientTls): Socket {
  const host = hostOf(url);
  const name = serverName ?? host;
  const socket = connectTls({
    host,
    port: Number(url.port || 443),
    // An address is never sent as SNI (RFC 6066, section 3); it is verified all the same, as the host.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ALPNProtocols: ["h2"],
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert, key }),
  });
  socket.setNoDelay(true);
  return socket;
}

function connectError(error: Error, where: string): TransportError {
  const { code = "" } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  switch (code) {
    case "ECONNREFUSED":
      return new TransportError("unavailable", `${where} refused the connection`, cause);
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new TransportError("unavailable", `the name of ${where} does not resolve`, cause);
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return new TransportError("denied", `the certificate of ${where} is for another name`, cause);
  }
  if (/^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_)/.test(code)) {
    return new TransportError("denied", `the certificate of ${where} is not trusted (${code})`, cause);
  }
  return new TransportError("unavailable", `${where} cannot be reached`, cause);
}
