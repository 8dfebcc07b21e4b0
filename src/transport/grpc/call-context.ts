import type { Headers } from "../http2/index.js";
import type { ServerCall } from "./server-call.js";
import type { CallContext, Peer } from "./services.js";

/** What the handler of this call is told; `over` must be called when the call is. */
export class ServerContext implements CallContext {
  readonly path: string;
  readonly headers: Headers;
  readonly peer: Peer;
  readonly deadline: number | null;
  readonly #call: ServerCall;
  #abort: AbortController | null = null;

  constructor(call: ServerCall, path: string, peer: Peer, timeoutMs: number | null) {
    this.path = path;
    this.headers = call.requestHeaders;
    this.peer = peer;
    this.deadline = timeoutMs === null ? null : Date.now() + timeoutMs;
    this.#call = call;
  }

  /** Made on first use: most lanes need none. */
  get signal(): AbortSignal {
    if (this.#abort === null) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.#call.isOver) abort.abort();
      else this.#call.onOver(() => abort.abort());
    }
    return this.#abort.signal;
  }

  get over(): boolean {
    return this.#call.isOver;
  }

  get bearer(): string | null {
    const match = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(this.headers.authorization ?? "");
    return match?.[1] ?? null;
  }

  refuse(status: number, text: string): void {
    this.#call.refuse(status, text);
  }
}
