import type { Socket } from "node:net";
import type { PipeAbort } from "./pipe.js";
import { PipeBase } from "./pipe-base.js";

/** Bytes that may wait in a socket before its pipe answers false. */
const highWater = 256 * 1024;

/** A pipe over something with the events of a socket: TCP itself, or TLS over another pipe. */
export abstract class DuplexPipe extends PipeBase {
  protected readonly socket: Socket;
  #corked = false;
  #listening = false;
  readonly #uncork = (): void => {
    this.#corked = false;
    this.socket.uncork();
  };
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
    // One system call for what is written in one turn of the owner.
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(this.#uncork);
    }
    socket.write(chunk);
    // The stream's own mark is 16 KB and only says when `drain` comes; ours lets a reader run ahead of a busy wire.
    return socket.writableLength <= highWater;
  }

  protected transmitEnd(): void {
    this.socket.end();
  }

  protected stopReading(): void {
    this.socket.pause();
  }

  protected startReading(): void {
    if (this.#listening) {
      this.socket.resume();
      return;
    }
    this.#listening = true;
    this.socket.on("data", (chunk: Buffer) => this.arrived(chunk));
    this.socket.resume();
  }
}
