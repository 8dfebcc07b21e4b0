/** Limits that every decoder takes; each has a clear error when reached. */
export interface WireLimits {
  /** The longest frame, in bytes, that is ever buffered whole. */
  readonly maxFrame: number;
}

/** The peer broke the protocol or a limit; its session ends. */
export class MalformedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MalformedError";
  }
}
