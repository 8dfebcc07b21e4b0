import { Problem, problemFrom } from "./problem.js";
import type { Me } from "./types.js";

const base = "/api/v1";
const patience = 30_000;

// In memory only: it is derived from the cookie, which scripts cannot read, and comes back with /me.
let csrfToken: string | null = null;

export function rememberCsrfToken(token: string | null): void {
  csrfToken = token;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the answer is given up. */
  readonly timeout?: number;
}

/** Reads. Throws `Problem`. */
export async function read<T>(path: string, options: Pick<RequestOptions, "signal" | "timeout"> = {}): Promise<T> {
  return answerOf<T>(await send("GET", path, options));
}

/** Writes, with the proof that this page asks for it and no other. Throws `Problem`. */
export async function write<T = null>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  const used = csrfToken;
  const response = await send(method, path, options);
  // Somebody signed in anew in another tab: the cookie is another, and so is its token.
  if (response.status === 403 && (await renewCsrfToken()) !== used)
    return answerOf<T>(await send(method, path, options));
  return answerOf<T>(response);
}

async function renewCsrfToken(): Promise<string | null> {
  const me = await read<Me>("/me").catch(() => null);
  if (me !== null) csrfToken = me.csrfToken;
  return csrfToken;
}

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const { body, signal, timeout = patience } = options;
  const limit = AbortSignal.timeout(timeout);
  const headers = new Headers({ accept: "application/json", ...options.headers });
  if (body !== undefined) headers.set("content-type", "application/json");
  if (method !== "GET" && csrfToken !== null) headers.set("x-csrf-token", csrfToken);
  try {
    return await fetch(base + path, {
      method,
      headers,
      credentials: "same-origin",
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, "unavailable", "the gateway does not answer", "check the network, then try again");
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  if (!response.ok) throw await problemFrom(response);
  const text = await response.text();
  const json = response.headers.get("content-type")?.includes("json") ?? false;
  return (text === "" ? null : json ? JSON.parse(text) : text) as T;
}
