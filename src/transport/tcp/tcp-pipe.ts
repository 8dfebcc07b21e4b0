import type { Socket } from "node:net";
import { DuplexPipe } from "../duplex-pipe.js";
import type { Pipe, PipeAbort } from "../pipe.js";

/** A pipe over a connected socket that somebody else may read: he calls `received`. */
export class TcpPipe extends DuplexPipe {
  protected override abortFrom(error: Error | null): PipeAbort {
    return { code: "unavailable", text: textFrom(error) };
  }

  /** A reset and not an end: the peer must not take a cut stream for a whole one. */
  protected override transmitAbort(): void {
    this.socket.resetAndDestroy();
  }
}

function textFrom(error: Error | null): string {
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case "ECONNRESET":
      return "the connection was reset by the other side";
    case "EPIPE":
      return "the other side no longer reads";
    case "ETIMEDOUT":
      return "the other side stopped answering";
    default:
      return "the connection was lost";
  }
}

/**
 * A pipe over a connected socket. The socket must have been made with `allowHalfOpen: true` (both `net.connect` and
 * `net.createServer` take it) and must not be read by anybody else.
 */
export function tcpPipe(socket: Socket, label: string): Pipe {
  if (!socket.allowHalfOpen) throw new Error("a pipe needs a socket with allowHalfOpen");
  socket.setNoDelay(true);
  const pipe = new TcpPipe(socket, label);
  socket.on("data", (chunk: Buffer) => pipe.received(chunk));
  socket.pause();
  return pipe;
}
