import type { PipeAbort } from "./pipe.js";

/**
 * What the transport throws. This room knows no other room of ours, so it has its own error; `code` is the same set of
 * words as a pipe's abort, all of them codes of `HoopError` too. `message` may be shown outside, `cause` may not.
 */
export class TransportError extends Error {
  readonly code: PipeAbort["code"];

  constructor(code: PipeAbort["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TransportError";
    this.code = code;
  }

  get abort(): PipeAbort {
    return { code: this.code, text: this.message };
  }
}

/** Whatever was thrown, as a reason to abort a pipe. A foreign error's text stays inside. */
export function abortFrom(thrown: unknown, text = "the transport failed"): PipeAbort {
  return thrown instanceof TransportError ? thrown.abort : { code: "internal", text };
}
