import { handOver } from "../../transport/index.js";
import type { Pipe, PipeAbort, PipeSink } from "../../transport/pipe.js";

/** Several small writes of one turn become one; copying more than this costs more than a second write. */
const maxCoalesced = 64 * 1024;

export interface SideEvents {
  data(chunk: Buffer): void;
  /** The peer is gone, in whole or in the direction to us. Told once. */
  gone(abort: PipeAbort | null): void;
  /** The transport is behind (true), or has caught up (false). */
  backedUp(backed: boolean): void;
}

/** One side of a session: collects a turn's writes, counts the reasons to pause, and survives the change to TLS. */
export class SidePort {
  readonly #events: SideEvents;
  #pipe: Pipe;
  #sink: PipeSink;
  #writes: Uint8Array[] = [];
  #reasons = new Set<string>();
  #told = false;
  #ended = false;
  #closedWaiters: (() => void)[] = [];
  closed = false;

  constructor(pipe: Pipe, events: SideEvents) {
    this.#pipe = pipe;
    this.#events = events;
    this.#sink = this.#own();
    // What the first pipe tells may go elsewhere later: to the TLS above it.
    pipe.start({
      data: (chunk) => this.#sink.data(chunk),
      end: () => this.#sink.end(),
      drain: () => this.#sink.drain(),
      closed: (abort) => this.#sink.closed(abort),
    });
  }

  #own(): PipeSink {
    return {
      data: (chunk) => this.#events.data(chunk),
      end: () => this.#gone(null),
      drain: () => this.#events.backedUp(false),
      closed: (abort) => {
        this.closed = true;
        this.#gone(abort);
        for (const wake of this.#closedWaiters.splice(0)) wake();
      },
    };
  }

  #gone(abort: PipeAbort | null): void {
    if (this.#told) return;
    this.#told = true;
    this.#events.gone(abort);
  }

  get buffered(): number {
    return this.#pipe.buffered;
  }

  send(bytes: Uint8Array): void {
    this.#writes.push(bytes);
  }

  /** Hands the turn's writes to the pipe. */
  flush(): void {
    const writes = this.#writes;
    if (writes.length === 0 || this.#ended || this.closed) return;
    if (writes.length === 1) {
      const [only] = writes;
      writes.length = 0;
      if (!this.#pipe.write(only!)) this.#events.backedUp(true);
      return;
    }
    this.#writes = [];
    let backed = false;
    for (let i = 0; i < writes.length; ) {
      let total = writes[i]!.length;
      let next = i + 1;
      while (next < writes.length && total + writes[next]!.length <= maxCoalesced) total += writes[next++]!.length;
      const chunk = next === i + 1 ? writes[i]! : Buffer.concat(writes.slice(i, next), total);
      i = next;
      if (!this.#pipe.write(chunk)) backed = true;
    }
    if (backed) this.#events.backedUp(true);
  }

  pause(reason: string): void {
    this.#reasons.add(reason);
    if (this.#reasons.size === 1) this.#pipe.pause();
  }

  resume(reason: string): void {
    if (!this.#reasons.delete(reason) || this.#reasons.size > 0) return;
    this.#pipe.resume();
  }

  /** Puts another pipe (TLS) over this one; nothing is delivered until it is there. */
  async upgrade<T extends { readonly pipe: Pipe }>(secure: (lower: Pipe) => Promise<T>): Promise<T> {
    this.flush();
    const { pipe: lower, forward } = handOver(this.#pipe);
    this.#sink = forward;
    // The layer above pauses and resumes for itself.
    if (this.#reasons.size > 0) lower.resume();
    const secured = await secure(lower);
    this.#pipe = secured.pipe;
    if (this.#reasons.size > 0) this.#pipe.pause();
    // The lower pipe goes on telling the layer above it; that one tells us.
    secured.pipe.start(this.#own());
    return secured;
  }

  /** Half-closes behind what was written. */
  end(): void {
    this.flush();
    if (this.#ended || this.closed) return;
    this.#ended = true;
    this.#pipe.end();
  }

  abort(reason: PipeAbort): void {
    if (!this.closed) this.#pipe.abort(reason);
  }

  /** When both directions are over. */
  whenClosed(wake: () => void): void {
    if (this.closed) wake();
    else this.#closedWaiters.push(wake);
  }
}
