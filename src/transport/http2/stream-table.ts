import { errorCode, maxStreamId } from "./constants.js";
import { Http2Error } from "./error.js";
import { RecentResets } from "./recent-resets.js";
import type { Http2Stream } from "./stream.js";

/** The streams of a connection: those that are open, and what is known of those that are not. */
export class StreamTable {
  readonly #isClient: boolean;
  readonly #open = new Map<number, Http2Stream>();
  readonly #resets = new RecentResets();
  /** The last stream that the peer opened. */
  lastPeer = 0;
  #lastOwn: number;

  constructor(isClient: boolean) {
    this.#isClient = isClient;
    this.#lastOwn = isClient ? -1 : 0;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Whether there is no number left for a stream of ours. */
  get exhausted(): boolean {
    return this.#lastOwn >= maxStreamId - 1;
  }

  get(id: number): Http2Stream | undefined {
    return this.#open.get(id);
  }

  /** As they are now: the table may change while they are gone through. */
  all(): Http2Stream[] {
    return [...this.#open.values()];
  }

  /** Gives a stream of ours its number. */
  open(stream: Http2Stream): void {
    this.#lastOwn += 2;
    stream.id = this.#lastOwn;
    this.#open.set(stream.id, stream);
  }

  /** A stream of the peer's. */
  add(stream: Http2Stream): void {
    this.#open.set(stream.id, stream);
  }

  delete(id: number): void {
    this.#open.delete(id);
  }

  /** We reset it: what the peer had sent before it knew may still come. */
  wasReset(id: number): void {
    this.#resets.add(id);
  }

  isOwn(id: number): boolean {
    return (id % 2 === 1) === this.#isClient;
  }

  isIdle(id: number): boolean {
    return id > (this.isOwn(id) ? this.#lastOwn : this.lastPeer);
  }

  /** A frame on a stream that is not open. Throws Http2Error unless it was under way to one that we reset. */
  requireReset(id: number, what: string): void {
    if (this.isIdle(id)) {
      throw new Http2Error(errorCode.protocolError, `${what} on stream ${id}, which was never opened`);
    }
    if (!this.#resets.has(id)) {
      throw new Http2Error(errorCode.streamClosed, `${what} on stream ${id}, which is over`);
    }
  }
}
