import type { IncomingMessage } from "node:http";
import { HoopError } from "../vocabulary/index.js";
import { type HttpCall, httpCall, textOf } from "./http-call.js";
import { errorFromProblem } from "./problem.js";
import type { TokenSource } from "./profile/token-source.js";

/** Answers are lists for people; an export is a stream and has no such limit. */
const maxAnswer = 32 * 1024 * 1024;

/** What a request may say besides its path. */
export interface ApiRequest {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** Precondition: change only the version that was seen. */
  readonly ifMatch?: string | undefined;
}

/** The gateway's HTTP API: `/api/v1/…`, JSON, errors as HoopError. */
export class ApiClient {
  readonly url: URL;
  readonly #tokens: TokenSource | null;
  readonly #ca: string | undefined;

  /** Without `tokens` only what needs no login can be called. */
  constructor(options: { url: string | URL; tokens?: TokenSource | null; ca?: string | undefined }) {
    this.url = new URL(options.url);
    this.#tokens = options.tokens ?? null;
    this.#ca = options.ca;
  }

  get<T>(path: string, request?: ApiRequest): Promise<T> {
    return this.#json("GET", path, request);
  }
  post<T>(path: string, request?: ApiRequest): Promise<T> {
    return this.#json("POST", path, request);
  }
  put<T>(path: string, request?: ApiRequest): Promise<T> {
    return this.#json("PUT", path, request);
  }
  patch<T>(path: string, request?: ApiRequest): Promise<T> {
    return this.#json("PATCH", path, request);
  }
  delete<T>(path: string, request?: ApiRequest): Promise<T> {
    return this.#json("DELETE", path, request);
  }

  /** An answer as a stream, for what may be long (exports). */
  async stream(path: string, request: ApiRequest = {}): Promise<IncomingMessage> {
    const response = await this.#send("GET", path, request);
    await this.#refuseErrors(response);
    return response;
  }

  /** The text of an answer that is not JSON (PEM, YAML). */
  async text(path: string, request: ApiRequest = {}): Promise<string> {
    return textOf(await this.stream(path, request), maxAnswer);
  }

  async #json<T>(method: HttpCall["method"], path: string, request: ApiRequest = {}): Promise<T> {
    const response = await this.#send(method, path, request);
    await this.#refuseErrors(response);
    const text = await textOf(response, maxAnswer);
    if (text === "") return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new HoopError("malformed", `${this.url.host} answered something that is not JSON`, {
        hint: "is this the address of a gateway?",
        cause,
      });
    }
  }

  async #send(method: HttpCall["method"], path: string, request: ApiRequest): Promise<IncomingMessage> {
    const token = await this.#tokens?.token();
    const response = await this.#once(method, path, request, token);
    if (response.statusCode !== 401 || !this.#tokens || token === undefined) return response;
    // The token may have been ended before its time, or another process has renewed it.
    const fresh = await this.#tokens.renew(token).catch((error: unknown) => {
      // An answer that nobody reads would keep the process alive.
      response.destroy();
      throw error;
    });
    if (fresh === null) return response;
    response.resume();
    return this.#once(method, path, request, fresh);
  }

  #once(
    method: HttpCall["method"],
    path: string,
    { query = {}, body, signal, timeoutMs, ifMatch }: ApiRequest,
    token: string | undefined,
  ): Promise<IncomingMessage> {
    const url = new URL(`/api/v1${path}`, this.url);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value));
    const headers: Record<string, string> = { accept: "application/json", "user-agent": "hoop" };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    if (ifMatch !== undefined) headers["if-match"] = ifMatch;
    return httpCall({
      method,
      url,
      headers,
      ca: this.#ca,
      signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async #refuseErrors(response: IncomingMessage): Promise<void> {
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return;
    if (status >= 300 && status < 400) {
      response.resume();
      // Never followed: the token would go along.
      throw new HoopError(
        "unavailable",
        `${this.url.host} answered with a redirect to ${response.headers.location ?? "nowhere"}`,
        { hint: "use that address, if it is the gateway's" },
      );
    }
    throw errorFromProblem(
      status,
      response.headers["content-type"] ?? "",
      await textOf(response, 256 * 1024),
      this.url.host,
    );
  }
}
