import { connect } from "node:net";
import { DuplexPipe } from "../duplex-pipe.js";
import { TransportError } from "../error.js";
import type { Pipe, PipeAbort } from "../pipe.js";
import { settleDial } from "../settle-dial.js";

export interface ConnectUnixOptions {
  /** A socket in the file system; on Windows a named pipe. */
  readonly path: string;
  /** What the pipe and its errors call the other side; paths are nobody's business. */
  readonly label: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** Called once, when the socket is gone. */
  readonly gone?: (() => void) | undefined;
}

/** Dials a socket of this machine. Throws TransportError `unavailable`, `timeout` or `cancelled`. */
export function connectUnix({ path, label, signal, timeoutMs = 10_000, gone }: ConnectUnixOptions): Promise<Pipe> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once("close", () => gone?.());
    settleDial({
      ...{ socket, where: label, signal, timeoutMs },
      errorFrom: (cause) => new TransportError("unavailable", `${label} cannot be reached`, { cause }),
      connected() {
        const pipe = new UnixPipe(socket, label);
        socket.on("data", (chunk: Buffer) => pipe.received(chunk));
        // Nothing is read before the pipe is started.
        socket.pause();
        resolve(pipe);
      },
      failed: reject,
    });
  });
}

class UnixPipe extends DuplexPipe {
  protected override abortFrom(): PipeAbort {
    return { code: "unavailable", text: "the connection was lost" };
  }

  /** These sockets know no reset: the peer sees an end, and what it was sent is cut. */
  protected override transmitAbort(): void {
    this.socket.destroy();
  }
}
