import { once } from "node:events";
import type { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import type { EndReason, SessionHost } from "../../protocol/index.js";
import { kernelSocket, pipeDuplex } from "../../transport/tls/index.js";
import { deadline } from "../../vocabulary/index.js";
import { showsSecret } from "./credential.js";
import { answerProblem, exchange } from "./exchange.js";
import { HeadWatch } from "./head-watch.js";
import { HttpLane } from "./lane.js";
import { problemAnswer } from "./refusal.js";
import { type HttpHandlers, serveHttp1, serveHttp2 } from "./servers.js";
import { upgrade } from "./upgrade.js";

const preface = Buffer.from("PRI * HTTP/2.0\r\n");

/** Serves one client connection: TLS or not, HTTP/1.1 or HTTP/2, as its first bytes say. */
export async function serve(host: SessionHost): Promise<EndReason> {
  let end: EndReason = { code: "client-closed", text: "the client closed the connection" };
  const stream = pipeDuplex(host.client);
  stream.on("error", () => {});
  // Not by `once`: that would reject when the stream fails before anybody awaits it, and an unhandled rejection ends the process.
  const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
  const lane = new HttpLane(host);
  const active = new Set<{ refuse(text: string): void }>();
  const finish = (reason: EndReason) => {
    end = reason;
    for (const one of active) one.refuse(reason.text);
    // What was just answered is on its way: a moment for it, then the end.
    setTimeout(() => stream.destroy(), active.size > 0 ? 200 : 0).unref();
  };
  host.onOrder((order) => {
    if (order.kind === "end") finish(order.reason);
  });

  const refusal = refusalOf(host, lane);
  /** From the first byte of a request to the end of its head; bodies and what a connection becomes may take their time. */
  let head: NodeJS.Timeout | null = null;
  let upgraded = false;
  const awaitHead = () => {
    head ??= setTimeout(
      () => finish({ code: "timeout", text: "a request's head did not come in time" }),
      host.init.limits.handshakeMs,
    ).unref();
  };
  const headCame = () => {
    if (head !== null) clearTimeout(head);
    head = null;
  };
  /** Bytes while nothing is under way are the next head; while something is, they are its body. */
  const onBytes1 = () => {
    if (!upgraded && active.size === 0) awaitHead();
  };
  const heads = new HeadWatch();
  const onBytes2 = (chunk: Buffer) => {
    heads.push(chunk);
    if (heads.open) awaitHead();
    else headCame();
  };
  const handlers: HttpHandlers = {
    request(request, response, expectsContinue) {
      if (request.httpVersionMajor === 1) headCame();
      const one = {
        refuse: (text: string) =>
          answerProblem(request, response, { status: 503, code: "session-ended", detail: text }, lane.form),
      };
      active.add(one);
      response.once("close", () => active.delete(one));
      response.on("error", () => {});
      request.on("error", () => {});
      if (refusal) return answerProblem(request, response, refusal, lane.form);
      void exchange(lane, request, response, expectsContinue);
    },
    upgrade(request, socket, rest) {
      headCame();
      upgraded = true;
      if (refusal) {
        const { status, body } = problemAnswer(refusal, undefined, lane.form);
        socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        return;
      }
      void upgrade(lane, request, socket, rest);
    },
    malformed(socket, error) {
      const { code } = error as NodeJS.ErrnoException;
      const status = code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
      end = { code: "malformed", text: "the client does not speak HTTP as it is written" };
      if (socket.writable && code !== "ECONNRESET")
        socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      else socket.destroy();
    },
  };

  const serveTwo = (clear: Duplex) => {
    clear.pause();
    kernelSocket(clear).then(
      (socket) => {
        clear.on("data", onBytes2);
        serveHttp2(socket, handlers);
      },
      () => stream.destroy(),
    );
  };

  try {
    const first = await firstBytes(stream, host.init.limits.handshakeMs);
    if (first === null) {
      finish({ code: "timeout", text: "the client said nothing" });
    } else if (first[0] === 0x16) {
      lane.proto = "https";
      await secure(stream, host, (secured) => {
        if (secured.alpnProtocol === "h2") return serveTwo(secured);
        serveHttp1(guarded(secured, onBytes1), handlers);
      });
    } else if (isPreface(first)) serveTwo(stream);
    else serveHttp1(guarded(stream, onBytes1), handlers);
    await closed;
    return end;
  } catch {
    stream.destroy();
    return end.code === "client-closed" ? { code: "malformed", text: "the client's TLS handshake failed" } : end;
  } finally {
    headCame();
    lane.upstream.close();
  }
}

/** "PRI" is no method of HTTP/1.1: three bytes tell. */
function isPreface(first: Buffer): boolean {
  const length = Math.min(first.length, preface.length);
  return length >= 3 && first.subarray(0, length).equals(preface.subarray(0, length));
}

function refusalOf({ init }: SessionHost, lane: HttpLane) {
  if (init.refusal) {
    const status = init.refusal.code === "denied" || init.refusal.code === "unauthenticated" ? 403 : 503;
    return { status, code: init.refusal.code, detail: init.refusal.text, hint: init.refusal.hint };
  }
  if (showsSecret(lane.target, init.viaAgent) && !init.connection.exposesCredentialToAgent) {
    return {
      status: 502,
      code: "exposes-credential",
      detail: "this target is spoken to in clear through an agent, which could read the credential",
      hint: "use https to the target, or have an admin set exposesCredentialToAgent for this connection",
    };
  }
  return null;
}

/** Waits for the first bytes and leaves them where they are; null: none came. */
async function firstBytes(stream: Duplex, withinMs: number): Promise<Buffer | null> {
  const signal = deadline(withinMs);
  for (;;) {
    const chunk: Buffer | null = stream.read();
    if (chunk !== null) {
      stream.unshift(chunk);
      return chunk;
    }
    if (stream.readableEnded || stream.destroyed) return null;
    const more = await Promise.race([
      once(stream, "readable", { signal }).then(
        () => true,
        () => false,
      ),
      once(stream, "close").then(
        () => false,
        () => false,
      ),
    ]);
    if (!more) return null;
  }
}

/** `ready` is called in the very turn of the handshake's end: the first request may be in the same bytes. */
async function secure(stream: Duplex, host: SessionHost, ready: (socket: TLSSocket) => void): Promise<void> {
  const { key, chain } = await host.serverCertificate();
  const socket = new TLSSocket(stream as never, {
    isServer: true,
    secureContext: createSecureContext({ key, cert: chain, minVersion: "TLSv1.2" }),
    ALPNProtocols: ["h2", "http/1.1"],
  });
  socket.on("error", () => stream.destroy());
  socket.once("close", () => stream.destroy());
  socket.once("secure", () => ready(socket));
  await once(socket, "secure", { signal: deadline(host.init.limits.handshakeMs) });
}

/** Notices the bytes that come, so that heads have a deadline. */
function guarded<Stream extends Duplex>(stream: Stream, onBytes: (chunk: Buffer) => void): Stream {
  stream.on("data", onBytes);
  stream.pause();
  return stream;
}
