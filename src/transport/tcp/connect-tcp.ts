import { connect } from "node:net";
import { TransportError } from "../error.js";
import type { Pipe } from "../pipe.js";
import { cancelledDial, settleDial } from "../settle-dial.js";
import { sharedRead } from "./shared-read.js";
import { TcpPipe } from "./tcp-pipe.js";

export interface ConnectTcpOptions {
  /** A name or a literal address. */
  readonly host: string;
  readonly port: number;
  readonly signal?: AbortSignal | undefined;
  /** From now to a connected socket, name resolution included. */
  readonly timeoutMs?: number | undefined;
}

/** Dials. Throws TransportError `unavailable`, `timeout` or `cancelled`; the text names the target. */
export function connectTcp({ host, port, signal, timeoutMs = 10_000 }: ConnectTcpOptions): Promise<Pipe> {
  const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelledDial(where));
    let pipe: TcpPipe | null = null;
    const socket = connect({
      onread: sharedRead((chunk) => pipe?.received(chunk)),
      host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    });
    settleDial({
      ...{ socket, where, signal, timeoutMs },
      errorFrom: (error) => dialError(error, host, where),
      connected() {
        // Nothing is read before the pipe is started.
        socket.pause();
        pipe = new TcpPipe(socket, `tcp ${where}`);
        resolve(pipe);
      },
      failed: reject,
    });
  });
}

function dialError(error: NodeJS.ErrnoException, host: string, where: string): TransportError {
  const cause = { cause: error };
  switch (error.code) {
    case "ECONNREFUSED":
      return new TransportError("unavailable", `${where} refused the connection`, cause);
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NODATA":
      return new TransportError("unavailable", `the name ${host} does not resolve`, cause);
    case "ETIMEDOUT":
      return new TransportError("timeout", `${where} did not answer`, cause);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EADDRNOTAVAIL":
      return new TransportError("unavailable", `there is no route to ${where}`, cause);
    default:
      return new TransportError("unavailable", `${where} cannot be reached`, cause);
  }
}
