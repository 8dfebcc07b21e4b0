import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { HoopError } from "../vocabulary/index.js";

/** One HTTP request of ours. */
export interface HttpCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM of the only authority to trust; undefined: the system's. */
  readonly ca?: string | undefined;
  /** Until the answer's head is here, and between its pieces. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const defaultTimeoutMs = 30_000;

/**
 * Sends a request and answers when the head of the answer is here. Node's `fetch` cannot be told which authority to trust,
 * so this stands on `node:https`. Throws `unavailable`, `timeout`, `cancelled` or `precondition-failed` (the certificate).
 */
export function httpCall({
  method,
  url,
  headers = {},
  body,
  ca,
  timeoutMs = defaultTimeoutMs,
  signal,
}: HttpCall): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (url.protocol !== "https:" && url.protocol !== "http:") {
      return reject(
        new HoopError("invalid", `${url.protocol}// is not a way to a gateway`, {
          hint: "write https://gateway.example.com",
        }),
      );
    }
    // Passwords and tokens travel here. A name that only begins like a loopback address is anybody's.
    if (url.protocol === "http:" && !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)) {
      return reject(
        new HoopError("denied", `plain http to ${url.host} would show your login to the network`, {
          hint: `use https://${url.host}`,
        }),
      );
    }
    const send = url.protocol === "https:" ? secureRequest : plainRequest;
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const request = send(url, {
      method,
      headers: { ...headers, ...length },
      signal,
      timeout: timeoutMs,
      ...(ca ? { ca } : {}),
    });
    request.on("timeout", () =>
      request.destroy(new HoopError("timeout", `${url.host} did not answer within ${timeoutMs / 1000} s`)),
    );
    request.on("error", (error) => reject(callError(error, url)));
    request.on("response", (response) => {
      response.setTimeout(timeoutMs, () => response.destroy(new HoopError("timeout", `${url.host} stopped answering`)));
      resolve(response);
    });
    request.end(body);
  });
}

/** The whole body as text; `too-large` beyond `limit` bytes. */
export async function textOf(response: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit) {
        response.destroy();
        throw new HoopError("too-large", `the gateway's answer is longer than ${limit} bytes`);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof HoopError
      ? error
      : new HoopError("unavailable", "the gateway's answer was cut", { cause: error });
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Errors of TLS that mean: signed by an authority that is not trusted here. */
export const untrustedCodes: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
]);

/** A failed call in words for people. */
export function callError(error: Error, url: URL): HoopError {
  if (error instanceof HoopError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const cause = error;
  if (error.name === "AbortError") return new HoopError("cancelled", "cancelled", { cause });
  if (code !== undefined && untrustedCodes.has(code)) {
    return new HoopError(
      "precondition-failed",
      `the certificate of ${url.host} is signed by an authority that is not trusted here`,
      {
        hint: "log in again: `hoop login` shows the authority's fingerprint and asks",
        cause,
      },
    );
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return new HoopError("precondition-failed", `the certificate of ${url.host} is for another name`, {
      hint: "use the name that the gateway was set up with",
      cause,
    });
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return new HoopError("precondition-failed", `the certificate of ${url.host} is not valid now (${code})`, {
      hint: "is this machine's clock right?",
      cause,
    });
  }
  if (code === "ECONNREFUSED")
    return new HoopError("unavailable", `${url.host} refused the connection`, {
      hint: "does the gateway run, and is this its address?",
      cause,
    });
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new HoopError("unavailable", `the name ${url.hostname} does not resolve`, { cause });
  if (code === "EPROTO" || code?.startsWith("ERR_SSL")) {
    return new HoopError("unavailable", `${url.host} does not speak TLS as expected`, {
      hint: `is it ${url.protocol === "https:" ? "http" : "https"}:// there?`,
      cause,
    });
  }
  return new HoopError("unavailable", `${url.host} cannot be reached${code ? ` (${code})` : ""}`, { cause });
}
