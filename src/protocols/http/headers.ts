import type { IncomingHttpHeaders } from "node:http";

/** Of one hop only (RFC 9110, section 7.6.1), and what HTTP/2 forbids; never carried on. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Who may say where a request came from is the gateway alone; what a client says of it is dropped. */
const forwarded = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-real-ip",
]);

/** Names and values in turn, as they came, upper and lower case kept. */
export type RawHeaders = readonly string[];

export function namedByConnection(headers: IncomingHttpHeaders): ReadonlySet<string> {
  const named = headers.connection;
  if (typeof named !== "string" || named === "") return none;
  return new Set(named.split(",").map((name) => name.trim().toLowerCase()));
}

const none: ReadonlySet<string> = new Set();

export interface Forwarding {
  /** `http` or `https`, as the client speaks to its `.hoop` name. */
  readonly proto: string;
  /** The `Host` of the client. */
  readonly host: string;
  /** The subject's name. */
  readonly who: string;
}

/**
 * The headers of a request as they go on: without those of the hop, without what the client claims about forwarding, and
 * without `drop` (lower case); the order of the rest is kept.
 */
export function requestHeaders(
  raw: RawHeaders,
  named: ReadonlySet<string>,
  drop: ReadonlySet<string>,
  from: Forwarding,
): string[] {
  const result: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!;
    const lower = name.toLowerCase();
    if (name.startsWith(":") || lower === "host" || hopByHop.has(lower) || forwarded.has(lower)) continue;
    if (named.has(lower) || drop.has(lower)) continue;
    result.push(name, raw[at + 1]!);
  }
  // A person's name is no address: it goes where RFC 7239, section 6.3, has a place for names, and never into X-Forwarded-For.
  const who = `_${from.who.replaceAll(/[^A-Za-z0-9._-]/g, "-")}`;
  result.push("Forwarded", `for=${who};host="${from.host}";proto=${from.proto}`);
  result.push("X-Forwarded-Host", from.host, "X-Forwarded-Proto", from.proto);
  return result;
}

/** The headers of an answer as they go on. `map` changes a value, or drops it with null. */
export function answerHeaders(
  raw: RawHeaders,
  named: ReadonlySet<string>,
  map: (name: string, value: string) => string | null,
): string[] {
  const result: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!;
    const lower = name.toLowerCase();
    if (name.startsWith(":") || hopByHop.has(lower) || named.has(lower)) continue;
    const value = map(lower, raw[at + 1]!);
    if (value !== null) result.push(name, value);
  }
  return result;
}

/** Fields that a trailer may not hold (RFC 9110, section 6.5.1), and that throw where HTTP/2 is spoken. */
const notInTrailers = new Set([
  "content-length",
  "host",
  "authorization",
  "set-cookie",
  "content-encoding",
  "content-type",
]);

/** Trailers as they go on. */
export function trailersFrom(raw: RawHeaders): string[] {
  const result: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const lower = raw[at]!.toLowerCase();
    if (lower.startsWith(":") || hopByHop.has(lower) || notInTrailers.has(lower)) continue;
    result.push(raw[at]!, raw[at + 1]!);
  }
  return result;
}

/** The last value of a header in a raw list; undefined: it is not there. */
export function headerOf(raw: RawHeaders, lowerName: string): string | undefined {
  for (let at = raw.length - 2; at >= 0; at -= 2) if (raw[at]!.toLowerCase() === lowerName) return raw[at + 1];
  return undefined;
}

/** Node's HTTP/2 wants an object; repeated names become lists. */
export function asObject(raw: RawHeaders): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    const before = result[name];
    if (before === undefined) result[name] = raw[at + 1]!;
    else if (Array.isArray(before)) before.push(raw[at + 1]!);
    else result[name] = [before, raw[at + 1]!];
  }
  return result;
}

/** An object of Node's as names and values in turn. */
export function asRaw(headers: Readonly<Record<string, unknown>>): string[] {
  const result: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (Array.isArray(value)) for (const one of value) result.push(name, String(one));
    else if (value !== undefined) result.push(name, String(value));
  }
  return result;
}
