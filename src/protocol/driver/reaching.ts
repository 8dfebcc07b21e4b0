import type { Pipe, PipeAbort } from "../../transport/pipe.js";
import type { SessionHost } from "../host.js";

/** Reaches the target of one session, also before it is asked for it. */
export class Reaching {
  readonly #host: SessionHost;
  readonly #signal: AbortSignal;
  #early: Promise<Pipe> | null = null;

  constructor(host: SessionHost, signal: AbortSignal) {
    this.#host = host;
    this.#signal = signal;
  }

  /** The target is likely to be wanted. */
  begin(): void {
    this.#early ??= this.#host.dial(this.#signal);
    // Whoever dials is told.
    this.#early.catch(() => {});
  }

  pipe(): Promise<Pipe> {
    return this.#early ?? this.#host.dial(this.#signal);
  }

  /** The session is over, and never had it. */
  giveUp(abort: PipeAbort): void {
    this.#early?.then(
      (pipe) => pipe.abort(abort),
      () => {},
    );
  }
}
