/** Why a pipe was aborted; `text` may be shown to the other side. */
export interface PipeAbort {
  readonly code: "cancelled" | "denied" | "unavailable" | "timeout" | "limited" | "malformed" | "internal";
  readonly text: string;
}

/** What a pipe tells its owner. Calls never nest into a `write` of the same pipe. */
export interface PipeSink {
  /** Bytes from the peer; the receiver owns them and may change them. Not called while paused. */
  data(chunk: Buffer): void;
  /** The peer will send no more; writing goes on. */
  end(): void;
  /** After a `write` that answered false: write again. */
  drain(): void;
  /** Both directions are over; the last call. `null`: both sides ended in order. */
  closed(abort: PipeAbort | null): void;
}

/**
 * One two-way byte stream: a TCP connection, a lane over gRPC, a pair in memory. Never a socket: what is behind it
 * cannot be seen. Back-pressure is end to end: a paused reader stops the peer's writer, memory stays bounded.
 */
export interface Pipe {
  /** For logs: `lane 12 of agent site-a`, `tcp 10.0.0.5:5432`. */
  readonly label: string;
  /** Bytes taken from the peer and bytes handed to it so far. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes accepted by `write` that the transport has not taken yet. */
  readonly buffered: number;
  /** Exactly once; nothing is delivered before, and what came before is kept (bounded). */
  start(sink: PipeSink): void;
  /** False: accepted, but wait for `drain`. The pipe owns the chunk from here on. After `end` or `closed` it is ignored. */
  write(chunk: Uint8Array): boolean;
  /** Half-close: no more writes; what was written is delivered. */
  end(): void;
  /** Both directions stop now. The reason reaches the peer where the transport can carry it. Idempotent. */
  abort(reason: PipeAbort): void;
  pause(): void;
  resume(): void;
}
