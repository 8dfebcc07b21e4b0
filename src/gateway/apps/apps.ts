import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Duplex, pipeline } from "node:stream";
import { createMemoryPipes } from "../../transport/memory/index.js";
import type { Pipe } from "../../transport/pipe.js";
import { pipeDuplex } from "../../transport/tls/index.js";
import { boundIdle } from "../bound-idle.js";
import { type AppSession, Entries } from "./entries.js";

/** Paths below it are this gateway's, on each of the origins. */
const own = "/.hoop/";
const sessionCookie = "hoop-app";
const stateCookie = "hoop-app-state";
const maxConnections = 12;

export interface AppsOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** `apps.example.com`: `grafana.apps.example.com` is the connection `grafana`. */
  readonly domain: string;
  readonly tls: { readonly key: string | Buffer; readonly cert: string | Buffer } | null;
  /** Where people sign in. */
  readonly console: () => string;
  readonly now: () => number;
  /** The browser's token is good still. */
  readonly authenticate: (token: string) => Promise<unknown>;
  readonly isKnown: (connection: string) => boolean;
  readonly admit: (lane: { client: Pipe; token: string; connection: string; from: string }) => void;
}

export interface Apps {
  /** Where a signed-in browser goes next; null: there is no such connection. */
  enter(session: AppSession, state: string, path: string): string | null;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * HTTP connections for browsers without a tunnel, each under an origin of its own and never the console's: what a page of one
 * can do, it can do there only. Behind it every request takes the way of any lane.
 */
export async function startApps(options: AppsOptions): Promise<Apps> {
  const { domain, tls, now } = options;
  const entries = new Entries(now);
  const agents = new Map<string, Agent>();
  const limits = { maxHeaderSize: 64 * 1024, headersTimeout: 30_000, requestTimeout: 0, keepAliveTimeout: 75_000 };
  const server = tls ? createTlsServer({ ...limits, ...tls, minVersion: "TLSv1.2" }) : createServer(limits);
  const used = boundIdle(server);
  const scheme = tls ? "https" : "http";
  const secure = tls ? "; Secure" : "";

  function connectionOf(host: string | undefined): string | null {
    const name = (host ?? "").toLowerCase().replace(/:\d+$/, "");
    if (!name.endsWith(`.${domain}`)) return null;
    const label = name.slice(0, -domain.length - 1);
    return /^[a-z0-9-]{1,63}$/.test(label) && options.isKnown(label) ? label : null;
  }

  /** Null: it was answered. */
  async function sessionOf(
    request: IncomingMessage,
    connection: string,
  ): Promise<{ readonly id: string; readonly session: AppSession } | null> {
    const id = cookie(request, sessionCookie);
    const session = id === null ? null : entries.find(id, connection);
    if (id === null || session === null) return null;
    try {
      await options.authenticate(session.token);
      return { id, session };
    } catch {
      entries.end(id);
      agents.get(id)?.destroy();
      agents.delete(id);
      return null;
    }
  }

  function laneOf(session: AppSession, from: string): Duplex {
    const [near, far] = createMemoryPipes();
    options.admit({ client: far, token: session.token, connection: session.connection, from });
    const stream = pipeDuplex(near);
    stream.on("error", () => {});
    return stream;
  }

  function agentOf(id: string, session: AppSession, from: string): Agent {
    let agent = agents.get(id);
    if (!agent) {
      agent = new Agent({ keepAlive: true, maxSockets: maxConnections, timeout: 600_000 });
      agent.createConnection = () => laneOf(session, from) as never;
      agents.set(id, agent);
    }
    return agent;
  }

  /** As the lane is spoken to: by its own name, without what is only between the browser and us. */
  function inward(request: IncomingMessage, connection: string): string[] {
    const lane = `${connection}.hoop`;
    const headers: string[] = ["Host", lane];
    const origin = `${scheme}://${request.headers.host}`.toLowerCase();
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const [name, value] = [request.rawHeaders[at]!, request.rawHeaders[at + 1]!];
      const lower = name.toLowerCase();
      if (lower === "host") continue;
      if (lower === "cookie") {
        const kept = value.split(";").filter((part) => !part.trim().startsWith("hoop-app"));
        if (kept.length > 0) headers.push(name, kept.join(";").trim());
      } else if ((lower === "origin" || lower === "referer") && value.toLowerCase().startsWith(origin))
        headers.push(name, `http://${lane}${value.slice(origin.length)}`);
      else headers.push(name, value);
    }
    return headers;
  }

  function outward(answer: IncomingMessage, request: IncomingMessage, connection: string): string[] {
    const headers: string[] = [];
    const lane = `http://${connection}.hoop`;
    for (let at = 0; at < answer.rawHeaders.length; at += 2) {
      const [name, value] = [answer.rawHeaders[at]!, answer.rawHeaders[at + 1]!];
      const lower = name.toLowerCase();
      const isOwn = value.startsWith(`${lane}/`) || value === lane;
      if (lower === "location" && isOwn)
        headers.push(name, `${scheme}://${request.headers.host}${value.slice(lane.length)}`);
      else if (lower === "set-cookie" && /^\s*hoop-app/i.test(value)) continue;
      else if (lower === "set-cookie" && secure) headers.push(name, `${value}${secure}`);
      else headers.push(name, value);
    }
    return headers;
  }

  function say(response: ServerResponse, status: number, text: string): void {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
    response.end(`${text}\n`);
  }

  function sendToConsole(request: IncomingMessage, response: ServerResponse, connection: string): void {
    const top = request.headers["sec-fetch-dest"] ?? "document";
    if (request.method !== "GET" || top !== "document") return say(response, 401, "sign in: open this site again");
    const state = randomBytes(16).toString("base64url");
    const to = new URLSearchParams({ state, to: request.url ?? "/" });
    response.writeHead(302, {
      location: `${options.console()}/apps/${connection}?${to}`,
      "set-cookie": `${stateCookie}=${state}; Path=${own}; HttpOnly; SameSite=Lax; Max-Age=120${secure}`,
      "cache-control": "no-store",
    });
    response.end();
  }

  function admitBrowser(request: IncomingMessage, response: ServerResponse, connection: string): void {
    const { searchParams, pathname } = new URL(request.url ?? "/", "http://own");
    if (pathname !== `${own}enter`) return say(response, 404, "there is nothing here");
    const state = cookie(request, stateCookie);
    // Whoever shows a code without its browser's state has it from elsewhere: it is used up all the same.
    const entered = entries.redeem(searchParams.get("code") ?? "", state ?? "", connection);
    if (!entered)
      return say(response, 403, "this way in was used before, or is another browser's: open the site again");
    response.writeHead(302, {
      location: pathOnly(searchParams.get("to") ?? "/"),
      "set-cookie": [
        `${sessionCookie}=${entered.id}; Path=/; HttpOnly; SameSite=Lax${secure}`,
        `${stateCookie}=; Path=${own}; Max-Age=0`,
      ],
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    });
    response.end();
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = connectionOf(request.headers.host);
    if (connection === null) return say(response, 421, "no connection has this name");
    if (request.url?.startsWith(own)) return admitBrowser(request, response, connection);
    const entered = await sessionOf(request, connection);
    if (!entered) return sendToConsole(request, response, connection);
    const from = request.socket.remoteAddress ?? "";
    const sent = httpRequest({
      agent: agentOf(entered.id, entered.session, from),
      method: request.method,
      path: request.url,
      headers: inward(request, connection) as never,
      setHost: false,
    });
    sent.once("error", () => (response.headersSent ? response.destroy() : say(response, 502, "the lane was lost")));
    response.once("close", () => sent.destroy());
    sent.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, outward(answer, request, connection) as never);
      pipeline(answer, response, () => {});
    });
    pipeline(request, sent, () => {});
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const connection = connectionOf(request.headers.host);
    const entered = connection === null ? null : await sessionOf(request, connection);
    // A page of another site may open WebSockets with this site's cookie.
    const origin = request.headers.origin?.toLowerCase();
    const foreign = origin !== undefined && origin !== `${scheme}://${request.headers.host}`.toLowerCase();
    if (connection === null || !entered || foreign)
      return void socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    const lane = laneOf(entered.session, (request.socket.remoteAddress ?? "") || "");
    const headers = inward(request, connection);
    let text = `${request.method} ${request.url} HTTP/1.1\r\n`;
    for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
    lane.write(`${text}\r\n`, "latin1");
    if (head.length > 0) lane.write(head);
    pipeline(socket, lane, () => {});
    pipeline(lane, socket, () => {});
  }

  server.on("request", (request, response) => {
    response.on("error", () => {});
    serve(request, response).catch(() => response.destroy());
  });
  server.on("upgrade", (request, socket, head) => {
    used(request.socket);
    socket.on("error", () => {});
    upgrade(request, socket, head).catch(() => socket.destroy());
  });
  server.listen(options.listen);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const usual = port === (tls ? 443 : 80) ? "" : `:${port}`;

  return {
    port,
    enter(session, state, path) {
      if (!options.isKnown(session.connection)) return null;
      const query = new URLSearchParams({ code: entries.issue(session, state), to: pathOnly(path) });
      return `${scheme}://${session.connection}.${domain}${usual}${own}enter?${query}`;
    },
    async close() {
      for (const agent of agents.values()) agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A path of this very origin: `//evil.example` is none. */
function pathOnly(path: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && path.length < 4_000 ? path : "/";
}

function cookie(request: IncomingMessage, name: string): string | null {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}
