import { isIP } from "node:net";
import { checkServerIdentity, connect, TLSSocket } from "node:tls";
import { DuplexPipe } from "../duplex-pipe.js";
import { TransportError } from "../error.js";
import type { Pipe, PipeAbort } from "../pipe.js";
import { pipeDuplex } from "./pipe-duplex.js";
import { serverContext } from "./server-context.js";

interface SecureOptions {
  /** Bytes that were received already and belong to the handshake. */
  readonly head: Buffer | null;
  /** Protocols to offer or accept, most wanted first; empty: none. */
  readonly alpn: readonly string[];
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** We answer a handshake. */
export interface SecureServerOptions extends SecureOptions {
  readonly role: "server";
  /** PEM. */
  readonly key: string;
  /** PEM, leaf first. */
  readonly chain: string;
}

/** We begin a handshake. The modes are libpq's. */
export interface SecureClientOptions extends SecureOptions {
  readonly role: "client";
  /** `require` encrypts and verifies nothing; `verify-ca` verifies the chain; `verify-full` the name too. */
  readonly mode: "require" | "verify-ca" | "verify-full";
  /** The name or address that the certificate must be for; also the SNI when it is a name. */
  readonly serverName?: string | undefined;
  /** PEM of our own key and certificate chain, where the server asks who we are. */
  readonly own?: { readonly key: string; readonly chain: string } | undefined;
  /** PEM of the authorities to trust; the system's when absent. */
  readonly ca?: string | undefined;
}

/** What the handshake showed. */
export interface SecureInfo {
  /** DER. */
  readonly peerCertificate: Buffer | null;
  /** True only when the mode asked for verification and it passed. */
  readonly verified: boolean;
  readonly alpn: string | null;
}

class TlsPipe extends DuplexPipe {
  readonly #lower: Pipe;
  readonly #lowerAbort: () => PipeAbort | null;

  constructor(socket: TLSSocket, lower: Pipe, lowerAbort: () => PipeAbort | null) {
    super(socket, `tls over ${lower.label}`);
    socket.on("data", (chunk: Buffer) => this.received(chunk));
    socket.pause();
    this.#lower = lower;
    this.#lowerAbort = lowerAbort;
  }

  protected override abortFrom(): PipeAbort {
    return this.#lowerAbort() ?? { code: "unavailable", text: "the TLS connection was lost" };
  }

  protected override transmitAbort(reason: PipeAbort): void {
    this.#lower.abort(reason);
    this.socket.destroy();
  }
}

/**
 * Speaks TLS (1.2 or newer) over any pipe and answers the pipe inside of it. The pipe given must not have been started;
 * a running one goes through `handOver` first. Throws TransportError `malformed` (handshake failed), `denied` (the
 * certificate is not trusted: says why), `timeout`, `cancelled`, or what aborted the pipe; the pipe is aborted then.
 */
export function securePipe(
  lower: Pipe,
  options: SecureServerOptions | SecureClientOptions,
): Promise<{ readonly pipe: Pipe; readonly info: SecureInfo }> {
  const { signal, timeoutMs = 15_000 } = options;
  return new Promise((resolve, reject) => {
    let lowerAbort: PipeAbort | null = null;
    const duplex = pipeDuplex(lower, {
      head: options.head,
      onClosed: (abort) => {
        lowerAbort = abort;
      },
    });
    let socket: TLSSocket;
    try {
      socket = options.role === "server" ? accept(duplex, options) : initiate(duplex, options);
    } catch (error) {
      lower.abort({ code: "internal", text: "TLS could not be set up" });
      return reject(new TransportError("internal", "TLS could not be set up", { cause: error }));
    }
    const event = options.role === "server" ? "secure" : "secureConnect";
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancelled);
      socket.removeListener(event, secured);
      socket.removeListener("error", failed);
      socket.removeListener("close", closed);
    };
    const fail = (error: TransportError) => {
      settle();
      socket.on("error", () => {});
      lower.abort(error.abort);
      socket.destroy();
      reject(error);
    };
    const cancelled = () => fail(new TransportError("cancelled", "the TLS handshake was cancelled"));
    const failed = (error: Error) => fail(handshakeError(error, lowerAbort));
    const closed = () => fail(handshakeError(null, lowerAbort));
    const secured = () => {
      settle();
      const pipe = new TlsPipe(socket, lower, () => lowerAbort);
      resolve({
        pipe,
        info: {
          peerCertificate: socket.getPeerX509Certificate()?.raw ?? null,
          verified: options.role === "client" && options.mode !== "require",
          alpn: socket.alpnProtocol || null,
        },
      });
    };
    const timer = setTimeout(
      () => fail(new TransportError("timeout", `no TLS handshake within ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.once(event, secured);
    socket.once("error", failed);
    socket.once("close", closed);
    if (signal?.aborted) cancelled();
    else signal?.addEventListener("abort", cancelled, { once: true });
  });
}

function accept(duplex: ReturnType<typeof pipeDuplex>, options: SecureServerOptions): TLSSocket {
  return new TLSSocket(duplex as never, {
    isServer: true,
    secureContext: serverContext(options.key, options.chain),
    ...(options.alpn.length > 0 ? { ALPNProtocols: [...options.alpn] } : {}),
    requestCert: false,
  });
}

function initiate(duplex: ReturnType<typeof pipeDuplex>, options: SecureClientOptions): TLSSocket {
  const { mode, serverName, ca, alpn, own } = options;
  if (mode === "verify-full" && serverName === undefined) throw new TypeError("verify-full needs a server name");
  return connect({
    socket: duplex,
    minVersion: "TLSv1.2",
    rejectUnauthorized: mode !== "require",
    // An address is never sent as SNI (RFC 6066, section 3).
    ...(serverName !== undefined && isIP(serverName) === 0 ? { servername: serverName } : {}),
    checkServerIdentity: (_host, certificate) =>
      mode === "verify-full" ? checkServerIdentity(serverName!, certificate) : undefined,
    ...(ca === undefined ? {} : { ca }),
    ...(own === undefined ? {} : { key: own.key, cert: own.chain }),
    ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
  });
}

const untrusted =
  /^(ERR_TLS_CERT|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|PATH_LENGTH|ERROR_IN_CERT)/;

function handshakeError(error: Error | null, lowerAbort: PipeAbort | null): TransportError {
  if (lowerAbort !== null) return new TransportError(lowerAbort.code, lowerAbort.text, { cause: error });
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (error instanceof TransportError) return error;
  if (code !== undefined && untrusted.test(code)) {
    return new TransportError("denied", `the certificate is not trusted: ${reasonFrom(error!)}`, { cause: error });
  }
  if (code?.startsWith("ERR_SSL_")) {
    return new TransportError("malformed", `the TLS handshake failed: ${wordsFrom(code)}`, { cause: error });
  }
  return new TransportError("unavailable", "the other side closed during the TLS handshake", { cause: error });
}

/** `ERR_SSL_TLSV1_ALERT_UNKNOWN_CA` as `tlsv1 alert unknown ca`: OpenSSL's own words, without its file and line. */
function wordsFrom(code: string): string {
  return code.slice("ERR_SSL_".length).toLowerCase().replaceAll("_", " ");
}

function reasonFrom(error: Error): string {
  return error.message.slice(0, 300);
}
