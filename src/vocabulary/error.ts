/** Every code an error of ours can carry, with the HTTP status that the API answers with. */
export const errorCodes = {
  invalid: 400,
  unauthenticated: 401,
  denied: 403,
  "not-found": 404,
  conflict: 409,
  "precondition-failed": 412,
  "too-large": 413,
  limited: 429,
  malformed: 400,
  unsupported: 501,
  unavailable: 503,
  timeout: 504,
  cancelled: 499,
  internal: 500,
} as const;

export type ErrorCode = keyof typeof errorCodes;

interface ErrorOptions {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly retryAfter?: number | undefined;
}

/**
 * The one error class. `message` is chosen for the outside: what happened and why, never a secret. `hint` says what to
 * do about it. `cause` is for the log only and never leaves the process.
 *
 * @example throw new HoopError("not-found", `no connection is named ${name}`, { hint: "hoop connections ls" });
 */
export class HoopError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** Whole seconds after which it is worth trying again; undefined: nobody can tell. */
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "HoopError";
    this.code = code;
    this.hint = options.hint;
    this.retryAfter = options.retryAfter;
  }

  /** What may be shown outside: code, message and hint; the cause stays in. */
  toJSON(): { code: ErrorCode; message: string; hint?: string } {
    return this.hint === undefined
      ? { code: this.code, message: this.message }
      : { code: this.code, message: this.message, hint: this.hint };
  }
}

/** Whatever was thrown as a HoopError; a foreign error becomes `internal` with its text kept as the cause only. */
export function hoopErrorFrom(thrown: unknown, message = "something went wrong inside Hoop"): HoopError {
  return thrown instanceof HoopError ? thrown : new HoopError("internal", message, { cause: thrown });
}
