import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

/**
 * A TLS socket as a stream without a handle. Node's HTTP/2 takes a TLS socket's handle for itself and reads nothing from it
 * when that stands on another stream in place of a TCP socket.
 */
class TlsStream extends Duplex {
  readonly #socket: TLSSocket;

  constructor(socket: TLSSocket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.once("end", () => this.push(null));
    socket.once("error", (error) => this.destroy(error));
    socket.once("close", () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: (error?: Error | null) => void): void {
    this.#socket.write(chunk, written);
  }

  override _final(ended: () => void): void {
    this.#socket.end(ended);
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.#socket.destroy();
    destroyed(error);
  }
}

export function overTls(socket: TLSSocket): Duplex {
  const stream = new TlsStream(socket);
  stream.on("error", () => {});
  return stream;
}
