import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { deadline, HoopError } from "../../vocabulary/index.js";
import { short } from "../catalogue/define.js";
import type { Outcome } from "./outcome.js";

/** Addresses that may be dialled for a host, judged; see `dialDirect`. Throws HoopError `denied`, `unavailable`. */
export type JudgedAddresses = (host: string) => Promise<readonly string[]>;

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** http to other machines as well. */
  readonly allowPlaintext: boolean;
  /** PEM of who vouches for the receiver; the system's if left out. */
  readonly ca?: string | undefined;
}

/** From the first byte to the last, whatever the receiver does. */
const timeoutMs = 10_000;
/** Of an answer; the rest is not read. */
const maxAnswer = 4 * 1024;
const longestWaitMs = 60 * 60_000;

/**
 * Posts to a receiver that somebody configured, who need not be whoever runs this machine: its name is resolved once, each address
 * judged, and that very address dialled; a redirect is an answer like any other and is not followed; the answer is read up to a few
 * KiB. Never throws.
 */
export async function post(given: Post, addresses: JudgedAddresses, signal: AbortSignal): Promise<Outcome> {
  const url = new URL(given.url);
  try {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const [address] = await within(addresses(host), signal);
    if (address === undefined) return { kind: "retry", error: `${host} does not resolve` };
    if (url.protocol !== "https:" && !given.allowPlaintext && !isLoopback(address))
      return { kind: "never", error: "this receiver is beyond this machine, and its address is not https" };
    const answer = await exchange(url, address, given, deadline(timeoutMs, signal));
    return outcomeOf(answer);
  } catch (error) {
    if (error instanceof HoopError && error.code === "denied") return { kind: "never", error: error.message };
    return { kind: "retry", error: failureWords(error) };
  }
}

interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  readonly text: string;
}

function exchange(url: URL, address: string, { headers, body, ca }: Post, signal: AbortSignal): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const tls = url.protocol === "https:";
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const send = tls ? requestHttps : requestHttp;
    const outgoing: ClientRequest = send({
      host: address,
      port: url.port === "" ? (tls ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      method: "POST",
      headers: {
        ...headers,
        host: url.host,
        "content-length": String(Buffer.byteLength(body)),
        "user-agent": "hoop-events/1",
        // Nothing is unpacked here, so nothing can unpack to a gigabyte.
        "accept-encoding": "identity",
      },
      // The address was judged; the certificate is still the name's.
      ...(tls ? { servername: /^[\d.]+$|:/.test(host) ? "" : host, ca, minVersion: "TLSv1.2" as const } : {}),
      agent: false,
      maxHeaderSize: 16 * 1024,
      signal,
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      readSome(incoming).then((text) => {
        const status = incoming.statusCode ?? 0;
        resolve({ status, retryAfter: incoming.headers["retry-after"], location: incoming.headers.location, text });
        outgoing.destroy();
      }, reject);
    });
    outgoing.end(body);
  });
}

/** The first of an answer. Its status is known: a body that never ends, or is too long, changes nothing. */
function readSome(incoming: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let length = 0;
    const finish = () => resolve(Buffer.concat(parts).subarray(0, maxAnswer).toString("utf8"));
    const patience = setTimeout(finish, 1_000).unref();
    incoming.on("data", (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length < maxAnswer) return;
      incoming.pause();
      finish();
    });
    for (const over of ["end", "error", "close"] as const) incoming.on(over, finish);
    incoming.once("close", () => clearTimeout(patience));
  });
}

function outcomeOf({ status, retryAfter, location, text }: HttpAnswer): Outcome {
  const said = text.replaceAll(/\p{C}+/gu, " ").trim();
  const words = short(`it answered ${status}${said === "" ? "" : `: ${said.slice(0, 200)}`}`);
  if (status >= 200 && status < 300) return { kind: "done", answer: words };
  if (status >= 300 && status < 400)
    return {
      kind: "never",
      error: short(`it answered ${status} and points to ${location ?? "nowhere"}; redirects are not followed`),
    };
  if (status === 410) return { kind: "never", error: "it answered 410: it wants no more" };
  if (status === 413) return { kind: "never", error: "it answered 413: the message is too large for it" };
  return { kind: "retry", error: words, afterMs: waitOf(retryAfter) };
}

/** `Retry-After` as milliseconds: seconds or a date, within reason. */
function waitOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, longestWaitMs) : undefined;
}

const isLoopback = (address: string) =>
  address.startsWith("127.") || address === "::1" || address === "0:0:0:0:0:0:0:1";

function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const any = deadline(timeoutMs, signal);
    const late = () => reject(new HoopError("timeout", "its name was not resolved in time"));
    if (any.aborted) return late();
    any.addEventListener("abort", late, { once: true });
    work.then(resolve, reject).finally(() => any.removeEventListener("abort", late));
  });
}

function failureWords(error: unknown): string {
  if (error instanceof HoopError) return error.message;
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  if (name === "AbortError" || name === "TimeoutError" || code === "ABORT_ERR")
    return `it did not answer within ${timeoutMs / 1_000} seconds`;
  return short(`it cannot be reached: ${code ?? message ?? "unknown error"}`);
}
