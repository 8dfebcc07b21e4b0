import { lookup as dnsLookup, type LookupAddress } from "node:dns";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { deadline, HoopError } from "../../vocabulary/index.js";

export interface BoundedFetchOptions {
  /** PEM of the only authority to trust; null: the system's. */
  readonly ca?: string | null;
  readonly timeoutMs?: number;
  /** Of an answer. */
  readonly maxBytes?: number;
}

export interface FetchRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | Headers;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export type BoundedFetch = (url: string, request?: FetchRequest) => Promise<Response>;

/** Where clouds tell a machine its secrets, and what is no host of anybody's. */
const forbidden = new BlockList();
forbidden.addSubnet("169.254.0.0", 16, "ipv4");
forbidden.addAddress("100.100.100.200", "ipv4");
forbidden.addSubnet("0.0.0.0", 8, "ipv4");
forbidden.addSubnet("224.0.0.0", 3, "ipv4");
forbidden.addSubnet("fe80::", 10, "ipv6");
forbidden.addSubnet("ff00::", 8, "ipv6");
forbidden.addAddress("fd00:ec2::254", "ipv6");
forbidden.addAddress("::", "ipv6");
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function on(list: BlockList, address: string): boolean {
  const family = isIP(address);
  if (family === 6 && address.toLowerCase().startsWith("::ffff:")) {
    const four = address.slice(7);
    if (isIP(four) === 4) return list.check(four, "ipv4");
    return list.check(address, "ipv6");
  }
  return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** Why Hoop does not connect there; null: it does. A public name that leads to this very machine is nobody's honest setting. */
export function whyNot(host: string, address: string): string | null {
  if (on(forbidden, address)) return `${host} leads to ${address}, where no provider is`;
  const named = host === "localhost" || isIP(host) !== 0;
  if (!named && on(loopback, address)) return `${host} leads to this machine itself`;
  return null;
}

/**
 * `fetch` for providers' addresses: bounded in time and size, no redirect is followed, and the address that was checked is the one
 * that is connected to. Throws HoopError `unavailable`, `timeout`, `denied`, `too-large`.
 */
export function createBoundedFetch(options: BoundedFetchOptions = {}): BoundedFetch {
  const { timeoutMs = 10_000, maxBytes = 1024 * 1024 } = options;
  return async (text, request = {}) => {
    const url = new URL(text);
    const limit = deadline(timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, limit]) : limit;
    try {
      const answer = await sent(url, request, options.ca ?? null, signal);
      return await responseFrom(answer, maxBytes, url.host);
    } catch (cause) {
      if (cause instanceof HoopError) throw cause;
      if (limit.aborted)
        throw new HoopError("timeout", `${url.host} did not answer within ${timeoutMs / 1_000} s`, { cause });
      throw new HoopError("unavailable", `${url.host} cannot be reached`, { cause });
    }
  };
}

function sent(url: URL, request: FetchRequest, ca: string | null, signal: AbortSignal): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const secure = url.protocol === "https:";
  if (!secure && (url.protocol !== "http:" || !(host === "localhost" || on(loopback, host))))
    throw new HoopError("denied", `${url.origin} is not https`);
  const refused = isIP(host) === 0 ? null : whyNot(host, host);
  if (refused !== null) throw new HoopError("denied", refused);
  const body = bodyOf(request.body);
  const headers: Record<string, string> = {};
  new Headers(request.headers as Record<string, string>).forEach((value, name) => {
    headers[name] = value;
  });
  if (body !== null) headers["content-length"] = String(Buffer.byteLength(body));
  return new Promise((resolve, reject) => {
    const options = {
      method: request.method ?? "GET",
      headers,
      signal,
      lookup: checkedLookup,
      agent: false as const,
      ...(secure && ca !== null ? { ca } : {}),
    };
    const outgoing = (secure ? secureRequest : plainRequest)(url, options, resolve);
    outgoing.on("error", reject);
    outgoing.end(body ?? undefined);
  });
}

/** Names are resolved once, and what was looked at is what is connected to. */
const checkedLookup: LookupFunction = (host, options, callback) => {
  dnsLookup(host, { ...options, all: true }, (error, found) => {
    const addresses = (found ?? []) as LookupAddress[];
    if (error !== null) return callback(error, "", 0);
    for (const { address } of addresses) {
      const refused = whyNot(host, address);
      if (refused !== null) return callback(new HoopError("denied", refused), "", 0);
    }
    const [first] = addresses;
    if (first === undefined) return callback(new Error(`${host} has no address`), "", 0);
    if (options.all) return (callback as unknown as (e: null, all: LookupAddress[]) => void)(null, addresses);
    callback(null, first.address, first.family);
  });
};

function bodyOf(body: unknown): string | null {
  if (body === undefined || body === null) return null;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError("only texts and forms are sent to providers");
}

async function responseFrom(answer: IncomingMessage, maxBytes: number, host: string): Promise<Response> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      answer.destroy();
      throw new HoopError("too-large", `the answer of ${host} is longer than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
  }
  const status = answer.statusCode ?? 502;
  const empty = status === 204 || status === 304;
  return new Response(empty ? null : Buffer.concat(chunks), { status: status < 200 ? 502 : status, headers });
}
