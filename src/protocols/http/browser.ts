import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** The cookie that says: this browser has been here by its own address bar. */
export const laneCookie = "hoop-lane";
/** In the address of the one redirect that sets it. */
export const laneMark = "hoop-lane-set";

export type BrowserVerdict =
  | { readonly kind: "pass" }
  /** Set the cookie and send the browser here again. */
  | { readonly kind: "greet"; readonly location: string }
  | { readonly kind: "refuse"; readonly text: string };

const pass: BrowserVerdict = { kind: "pass" };

export interface BrowserRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** `http` or `https`. */
  readonly proto: string;
  /** The client's `Host`, proven to be this connection's. */
  readonly host: string;
}

/**
 * A lane belongs to a person, and every page in that person's browser can send requests to it. None rides: what comes from
 * another site may only be a top-level GET. Over https browsers say where a request comes from (`Sec-Fetch-*`); over http
 * they do not, so there a cookie that no other site can make them send or set tells the first visit from a foreign one.
 * Programs that are no browsers send none of these headers, and no web page can make a browser drop its `User-Agent`.
 */
export function judgeBrowser(request: BrowserRequest, cookie: string): BrowserVerdict {
  const { method, headers, proto, host } = request;
  const own = `${proto}://${host}`.toLowerCase();
  const { origin } = headers;
  if (origin !== undefined && origin.toLowerCase() !== own) return foreign(`a page of ${printable(origin)}`);
  const reading = method === "GET" || method === "HEAD";
  const site = one(headers["sec-fetch-site"]);
  if (site !== undefined) {
    if (site === "same-origin" || site === "none") return pass;
    const topLevel = one(headers["sec-fetch-mode"]) === "navigate" && one(headers["sec-fetch-dest"]) === "document";
    return reading && topLevel ? pass : foreign("a page of another site");
  }
  if (!isBrowser(headers) || hasCookie(headers.cookie, cookie)) return pass;
  if (!reading || !(headers.accept ?? "").includes("text/html") || headers.upgrade !== undefined)
    return foreign("a page that has not opened this site before");
  if (new URL(request.url, own).searchParams.has(laneMark))
    return {
      kind: "refuse",
      text: "this browser does not keep cookies for this site, and without one Hoop cannot tell it from a foreign page",
    };
  return { kind: "greet", location: `${request.url}${request.url.includes("?") ? "&" : "?"}${laneMark}=1` };
}

/** The cookie's value for one person and connection: nobody else can make it. */
export function laneCookieValue(key: Buffer, subject: string, connection: string): string {
  return createHmac("sha256", key).update(`lane\0${subject}\0${connection}`).digest("base64url");
}

/** Cookies without the lane's: the target has no business with it. Undefined: nothing is left. */
export function withoutLaneCookie(cookies: string): string | undefined {
  const kept = cookies.split(";").filter((part) => part.trim().split("=", 1)[0] !== laneCookie);
  const text = kept.join(";").trim();
  return text === "" ? undefined : text;
}

/** Whether `Host` is a name of this connection: the name itself, or the tunnel's own loopback address. */
export function isOwnHost(host: string | undefined, names: readonly string[]): host is string {
  if (host === undefined) return false;
  const match = /^([a-z0-9.-]{1,253}|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i.exec(host);
  if (!match) return false;
  const name = match[1]!.toLowerCase().replace(/\.$/, "");
  return names.includes(name) || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

function isBrowser(headers: IncomingHttpHeaders): boolean {
  return (headers["user-agent"] ?? "").startsWith("Mozilla/");
}

function hasCookie(cookies: string | undefined, value: string): boolean {
  const wanted = Buffer.from(value);
  return (cookies ?? "").split(";").some((part) => {
    const at = part.indexOf("=");
    if (at < 0 || part.slice(0, at).trim() !== laneCookie) return false;
    const given = Buffer.from(part.slice(at + 1).trim());
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

function foreign(what: string): BrowserVerdict {
  return {
    kind: "refuse",
    text: `${what} sent this request through your lane, which only pages of this connection may`,
  };
}

const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
const printable = (text: string) => JSON.stringify(text.slice(0, 200));
