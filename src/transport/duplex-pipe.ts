import type { Socket } from "node:net";
import type { PipeAbort } from "./pipe.js";
import { PipeBase } from "./pipe-base.js";
import { type Flushable, flushSoon, readBegins, readEnds, turnNumber } from "./turn.js";

/** Bytes that may wait in a socket before its pipe answers false. */
const highWater = 256 * 1024;

/** A pipe over something with the events of a socket: TCP itself, or TLS over another pipe. */
export abstract class DuplexPipe extends PipeBase implements Flushable {
  protected readonly socket: Socket;
  /** The turn in which was written last; what follows in the same goes together. */
  #turn = -1;
  #corked = false;
  #sawEnd = false;

  constructor(socket: Socket, label: string) {
    super(label);
    this.socket = socket;
    socket.on("drain", () => this.writable());
    socket.on("end", () => {
      this.#sawEnd = true;
      this.peerEnded();
    });
    socket.on("error", (error) => this.settle(this.abortFrom(error)));
    socket.on("close", () => {
      const orderly = this.#sawEnd && this.ended;
      this.settle(orderly ? null : this.abortFrom(null));
    });
  }

  /** Why the socket is gone; null: it closed without an error before both sides had ended. */
  protected abstract abortFrom(error: Error | null): PipeAbort;

  get buffered(): number {
    return this.socket.writableLength;
  }

  protected transmit(chunk: Uint8Array): boolean {
    const { socket } = this;
    // The usual turn brings one chunk, which goes at once; more of them share one system call.
    const turn = turnNumber();
    if (this.#turn !== turn) this.#turn = turn;
    else if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      flushSoon(this);
    }
    socket.write(chunk);
    // The stream's own mark is 16 KB and only says when `drain` comes; ours lets a reader run ahead of a busy wire.
    return socket.writableLength <= highWater;
  }

  /** Sends what a turn brought beyond its first chunk. */
  flush(): void {
    this.#corked = false;
    this.socket.uncork();
  }

  protected transmitEnd(): void {
    this.socket.end();
  }

  /** Bytes of the socket; whoever makes the pipe sees to it that they come here. */
  received(chunk: Buffer): void {
    readBegins();
    try {
      this.arrived(chunk);
    } finally {
      readEnds();
    }
  }

  protected stopReading(): void {
    this.socket.pause();
  }

  protected startReading(): void {
    this.socket.resume();
  }
}
