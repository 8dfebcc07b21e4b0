import type { Pipe, PipeAbort } from "../pipe.js";
import { bufferFrom, PipeBase } from "../pipe-base.js";

const highWater = 256 * 1024;
const lowWater = 64 * 1024;

/** One end of a pair. Bytes wait in the writer's queue until the reader's turn, so the writer sees the back-pressure. */
class MemoryPipe extends PipeBase {
  peer!: MemoryPipe;
  #queue: Buffer[] = [];
  #queued = 0;
  #reading = false;
  #sentEnd = false;
  #toldEnd = false;
  #carrying = false;

  get buffered(): number {
    return this.#queued;
  }

  protected transmit(chunk: Uint8Array): boolean {
    this.#queue.push(bufferFrom(chunk));
    this.#queued += chunk.length;
    this.#carry();
    return this.#queued <= highWater;
  }

  protected transmitEnd(): void {
    this.#sentEnd = true;
    this.#carry();
  }

  protected transmitAbort(reason: PipeAbort): void {
    this.#queue = [];
    this.#queued = 0;
    setImmediate(() => this.peer.settle(reason));
  }

  protected stopReading(): void {
    this.#reading = false;
  }

  protected startReading(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.peer.#carry();
  }

  /** In a turn of its own: a sink is never called from inside the other end's `write`, and two ends cannot starve the loop. */
  #carry(): void {
    if (this.#carrying) return;
    this.#carrying = true;
    setImmediate(() => {
      this.#carrying = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const { peer } = this;
    if (peer.settled) return;
    const queue = this.#queue;
    let at = 0;
    while (at < queue.length && peer.#reading && !this.settled && !peer.settled) {
      const chunk = queue[at++]!;
      this.#queued -= chunk.length;
      peer.arrived(chunk);
    }
    if (this.settled || peer.settled) return;
    queue.splice(0, at);
    if (this.#queued <= lowWater) this.writable();
    if (this.#sentEnd && !this.#toldEnd && queue.length === 0 && peer.#reading) {
      this.#toldEnd = true;
      peer.peerEnded();
    }
    if (this.#toldEnd && peer.#toldEnd) {
      this.settle(null);
      peer.settle(null);
    }
  }
}

/** Two pipes joined in memory: what one writes the other reads, with limits and back-pressure as on a wire. */
export function createMemoryPipes(label = "memory"): [Pipe, Pipe] {
  const a = new MemoryPipe(`${label} a`);
  const b = new MemoryPipe(`${label} b`);
  a.peer = b;
  b.peer = a;
  return [a, b];
}
