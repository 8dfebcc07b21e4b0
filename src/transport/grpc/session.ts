import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectSocket, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { TransportError } from "../error.js";
import type { Pipe } from "../pipe.js";
import { ClientCall } from "./client-call.js";
import { type KeepaliveOptions, keepAlive } from "./keepalive.js";
import { clientLane } from "./lane-pipe.js";
import { GrpcMessageStream, type MessageStream } from "./message-stream.js";
import { requireTls } from "./plaintext.js";
import { connectionWindow, h2Limits, h2Settings } from "./settings.js";
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
  readonly #session: ClientHttp2Session;
  readonly #userAgent: string;
  readonly #authority: string;
  readonly #prove: GrpcSessionOptions["prove"];
  #end: SessionEnd | null = null;
  #draining = false;
  #lanes = 0;

  /** Aborts when the connection is over. `end` says why. */
  readonly closed: Promise<SessionEnd>;
  /** Resolves when the server asked for no more calls; open ones go on. Or when the connection is over. */
  readonly drained: Promise<void>;

  constructor(session: ClientHttp2Session, url: URL, options: GrpcSessionOptions) {
    this.#session = session;
    this.#userAgent = options.userAgent;
    this.#authority = url.host;
    this.#prove = options.prove;
    session.on("error", () => {});
    this.closed = new Promise((resolve) => {
      session.once("close", () => {
        this.#end ??= { code: "lost", text: "the connection to the gateway was lost" };
        resolve(this.#end);
      });
    });
    this.drained = new Promise((resolve) => {
      session.once("goaway", () => {
        this.#draining = true;
        resolve();
      });
      session.once("close", () => resolve());
    });
    keepAlive(session, options.keepalive ?? {}, () => {
      this.#end = { code: "dead", text: "the gateway stopped answering" };
      session.destroy();
    });
  }

  /** Whether new calls can be opened. */
  get usable(): boolean {
    return !this.#draining && !this.#session.closed && !this.#session.destroyed;
  }

  /** Lanes that are open on this connection. */
  get lanes(): number {
    return this.#lanes;
  }

  /** No more calls; closes when the open ones are over. */
  drain(): void {
    this.#draining = true;
    this.#end ??= { code: "drained", text: "drained" };
    if (!this.#session.closed) this.#session.close();
  }

  /** Cuts everything. */
  close(): void {
    this.#end ??= { code: "closed", text: "closed by us" };
    this.#session.destroy();
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
    const stream = this.#session.request({
      ":method": "POST",
      ":path": path,
      ":scheme": this.#session.encrypted ? "https" : "http",
      ":authority": this.#authority,
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": this.#userAgent,
      "grpc-accept-encoding": "identity",
      ...(timeoutMs === undefined ? {} : { "grpc-timeout": formatGrpcTimeout(timeoutMs) }),
      ...headers,
      ...this.#prove?.(path, headers ?? {}),
    });
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
    const session = connectHttp2(url, {
      ...h2Limits,
      settings: h2Settings,
      createConnection: () => socket,
      // Until the server's SETTINGS say otherwise.
      peerMaxConcurrentStreams: 100,
    });
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancelled);
      session.removeListener("close", lost);
      session.removeListener("error", failed);
    };
    const fail = (error: TransportError) => {
      settle();
      session.on("error", () => {});
      session.destroy();
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
    session.once("close", lost);
    session.once("error", failed);
    session.once("remoteSettings", () => {
      settle();
      session.setLocalWindowSize(connectionWindow);
      resolve(new GrpcSession(session, url, options));
    });
  });
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
