import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { http } from "../../src/protocols/http/index.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function target(handler: Parameters<typeof createServer>[1]): Promise<{ port: number; server: Server }> {
  const server = createServer(handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server };
}

async function lanes(options: LaneOptions): Promise<Lanes> {
  const started = await startLanes(http, options);
  cleanups.push(() => started.close());
  return started;
}

/** curl, as people use it: the name leads to the lane. */
async function curl(port: number, ...args: string[]): Promise<{ out: Buffer; err: string; code: number }> {
  const child = spawn("curl", ["-sS", "--max-time", "60", "--connect-to", `site.hoop::127.0.0.1:${port}`, ...args]);
  const out: Buffer[] = [];
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk));
  const [code] = (await once(child, "close")) as [number];
  return { out: Buffer.concat(out), err, code };
}

/** Raw bytes to a lane, and all that comes back until it closes or, having said something, falls silent. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  let got = "";
  await new Promise<void>((resolve) => {
    let silent = setTimeout(resolve, 30_000);
    socket.once("close", resolve);
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
      clearTimeout(silent);
      silent = setTimeout(resolve, 1_500);
    });
    socket.write(bytes, "latin1");
  });
  socket.destroy();
  return got;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

test("a request goes through with its body, and names on both sides are right", async () => {
  let seen: IncomingMessage | undefined;
  let body = "";
  const { port } = await target(async (request, response) => {
    seen = request;
    body = (await bodyOf(request)).toString();
    response.setHeader("Set-Cookie", ["sid=1; Domain=internal.example; Secure; SameSite=None; Path=/", "b=2"]);
    response.setHeader("Location", `http://localhost:${port}/next?x=1`);
    response.writeHead(201);
    response.end("done");
  });
  const lane = await lanes({ targetPort: port, target: { auth: { kind: "bearer" } }, secret: "s3cr3t-token" });
  const { out } = await curl(
    lane.port,
    "-i",
    ...["-H", "X-Forwarded-For: 6.6.6.6", "-H", "Authorization: Bearer mine", "-H", "Connection: x-drop"],
    ...["-H", "X-Drop: 1", "-d", "a=1", "http://site.hoop/things?q=2"],
  );
  const answer = out.toString();
  expect(seen?.headers).toMatchObject({
    host: `localhost:${port}`,
    authorization: "Bearer s3cr3t-token",
    "x-forwarded-host": "site.hoop",
    forwarded: 'for=_ada;host="site.hoop";proto=http',
  });
  expect(seen?.headers["x-forwarded-for"]).toBeUndefined();
  expect(seen?.headers["x-drop"]).toBeUndefined();
  expect(seen?.url).toBe("/things?q=2");
  expect(body).toBe("a=1");
  expect(answer).toContain("HTTP/1.1 201 Created");
  expect(answer).toContain("Location: http://site.hoop/next?x=1");
  expect(answer).toContain("Set-Cookie: sid=1; SameSite=Lax; Path=/");
  expect(answer).toContain("Set-Cookie: b=2");
  expect(answer.endsWith("done")).toBe(true);
  expect(lane.asks[0]).toMatchObject({
    text: "POST /things?q=2",
    analysis: { effects: ["write"], shape: "POST /things", attributes: { method: "POST", query: ["q"] } },
  });
  await expect.poll(() => lane.notes.map(({ kind }) => kind)).toEqual(["ready", "finished"]);
});

test("a denied request is a 403 that says why, and the connection lives", async () => {
  let reached = 0;
  const { port } = await target((_request, response) => {
    reached++;
    response.end("ok");
  });
  const lane = await lanes({
    targetPort: port,
    decide: (ask) => (ask.text.startsWith("DELETE") ? "no deletes" : "allow"),
  });
  const { out } = await curl(
    lane.port,
    "-X",
    "DELETE",
    "http://site.hoop/a",
    "--next",
    "-sS",
    "--connect-to",
    `site.hoop::127.0.0.1:${lane.port}`,
    "-w",
    " %{num_connects}",
    "http://site.hoop/b",
  );
  expect(out.toString()).toMatch(/"type":"urn:hoop:test".*"status":403,"detail":"no deletes"[\s\S]*ok 0$/);
  expect(reached).toBe(1);
});

test("a held request waits, and a client that leaves withdraws it", async () => {
  const { port } = await target((_request, response) => response.end("ok"));
  const withdrawn: number[] = [];
  let release: (word: string) => void = () => {};
  const lane = await lanes({
    targetPort: port,
    decide: (ask) => (ask.text.endsWith("/wait") ? new Promise<string>((resolve) => (release = resolve)) : "allow"),
    withdrawn: (id) => void withdrawn.push(id),
  });
  const waiting = curl(lane.port, "http://site.hoop/wait");
  await expect.poll(() => lane.asks.length).toBe(1);
  release("allow");
  expect((await waiting).out.toString()).toBe("ok");
  const leaving = curl(lane.port, "--max-time", "1", "http://site.hoop/wait");
  expect((await leaving).code).toBe(28);
  await expect.poll(() => withdrawn).toEqual([1]);
});

test("the lane leads to its own name only, and no foreign page rides it", async () => {
  let reached = 0;
  const { port } = await target((request, response) => {
    reached++;
    response.end(request.headers.cookie ?? "no cookie");
  });
  const lane = await lanes({ targetPort: port });
  const status = async (...args: string[]) =>
    (await curl(lane.port, "-o", "/dev/null", "-w", "%{http_code}", ...args, "http://site.hoop/x")).out.toString();
  const browser = ["-A", "Mozilla/5.0 (X11) Firefox/140"];
  const html = ["-H", "Accept: text/html,*/*"];
  expect(await status("-H", "Host: evil.example")).toBe("421");
  expect(await status("-H", "Host: site.hoop.evil.example")).toBe("421");
  expect(await status("-H", "Origin: https://evil.example")).toBe("403");
  expect(await status("-H", "Origin: null")).toBe("403");
  expect(await status(...browser, "-H", "Sec-Fetch-Site: cross-site", "-H", "Sec-Fetch-Mode: no-cors")).toBe("403");
  expect(
    await status(
      ...browser,
      "-H",
      "Sec-Fetch-Site: cross-site",
      "-H",
      "Sec-Fetch-Mode: navigate",
      "-H",
      "Sec-Fetch-Dest: iframe",
    ),
  ).toBe("403");
  expect(
    await status(
      ...browser,
      "-X",
      "POST",
      "-H",
      "Sec-Fetch-Site: cross-site",
      "-H",
      "Sec-Fetch-Mode: navigate",
      "-H",
      "Sec-Fetch-Dest: document",
    ),
  ).toBe("403");
  expect(await status(...browser, "-H", "Accept: image/*")).toBe("403");
  expect(await status(...browser, "-X", "POST", ...html)).toBe("403");
  expect(reached).toBe(0);
  expect(
    await status(
      ...browser,
      "-H",
      "Sec-Fetch-Site: cross-site",
      "-H",
      "Sec-Fetch-Mode: navigate",
      "-H",
      "Sec-Fetch-Dest: document",
    ),
  ).toBe("200");
  expect(await status(...browser, ...html)).toBe("302");
  const visited = await curl(lane.port, ...browser, ...html, "-L", "-c", "-", "-b", "none=1", "http://site.hoop/x");
  expect(visited.out.toString()).toContain("hoop-lane");
  expect(visited.out.toString()).toMatch(/^none=1/);
  const blocked = await curl(lane.port, ...browser, ...html, "http://site.hoop/x?hoop-lane-set=1");
  expect(blocked.out.toString()).toContain("does not keep cookies");
});

const smuggling: readonly (readonly [string, string])[] = [
  [
    "CL and TE",
    "POST /a HTTP/1.1\r\nHost: site.hoop\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: site.hoop\r\n\r\n",
  ],
  ["two lengths", "POST /a HTTP/1.1\r\nHost: site.hoop\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"],
  ["signed length", "POST /a HTTP/1.1\r\nHost: site.hoop\r\nContent-Length: +5\r\n\r\nhello"],
  ["TE twisted", "POST /a HTTP/1.1\r\nHost: site.hoop\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
  [
    "TE twice",
    "POST /a HTTP/1.1\r\nHost: site.hoop\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
  ],
  ["space before colon", "POST /a HTTP/1.1\r\nHost: site.hoop\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"],
  ["obs-fold", "GET /a HTTP/1.1\r\nHost: site.hoop\r\nX-A: b\r\n c\r\n\r\n"],
  ["bare LF", "GET /a HTTP/1.1\nHost: site.hoop\n\n"],
  ["bare CR", "GET /a HTTP/1.1\r\nHost: site.hoop\rX-A: b\r\n\r\n"],
  ["NUL in a value", "GET /a HTTP/1.1\r\nHost: site.hoop\r\nX-A: b\0c\r\n\r\n"],
  [
    "chunk size overflow",
    "POST /a HTTP/1.1\r\nHost: site.hoop\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
  ],
  [
    "chunk extension with LF",
    "POST /a HTTP/1.1\r\nHost: site.hoop\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n",
  ],
  ["two hosts", "GET /a HTTP/1.1\r\nHost: site.hoop\r\nHost: evil.example\r\n\r\n"],
  ["no host", "GET /a HTTP/1.1\r\n\r\n"],
  ["absolute form of another", "GET http://evil.example/a HTTP/1.1\r\nHost: site.hoop\r\n\r\n"],
  ["CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n"],
  ["dot segments", "GET /a/../admin HTTP/1.1\r\nHost: site.hoop\r\n\r\n"],
  ["encoded dots", "GET /a/%2e%2e/admin HTTP/1.1\r\nHost: site.hoop\r\n\r\n"],
  ["encoded slash", "GET /a%2fadmin HTTP/1.1\r\nHost: site.hoop\r\n\r\n"],
  ["doubled slash", "GET //admin HTTP/1.1\r\nHost: site.hoop\r\n\r\n"],
  ["backslash", "GET /a\\admin HTTP/1.1\r\nHost: site.hoop\r\n\r\n"],
  [
    "header flood",
    `GET /a HTTP/1.1\r\nHost: site.hoop\r\n${"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(3_000)}\r\n`,
  ],
];

test.each(smuggling)("bytes that two readers would read differently are refused: %s", async (_name, bytes) => {
  const reached: string[] = [];
  const { port } = await target((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    response.end("reached");
  });
  const lane = await lanes({ targetPort: port });
  const got = await raw(lane.port, bytes);
  expect(got).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(got).not.toContain("reached");
  expect(reached).toEqual([]);
});

test("big bodies stream both ways unchanged, and a stalled reader stops the target", async () => {
  const size = 64 * 1024 * 1024;
  const block = randomBytes(1024 * 1024);
  const sent = createHash("sha256");
  for (let n = 0; n < size / block.length; n++) sent.update(block);
  const wanted = sent.digest("hex");
  let written = 0;
  const { port } = await target(async (request, response) => {
    if (request.method === "POST") {
      const hash = createHash("sha256");
      for await (const part of request) hash.update(part as Buffer);
      return response.end(hash.digest("hex"));
    }
    for (let n = 0; n < size / block.length; n++) {
      written += block.length;
      if (!response.write(block)) await once(response, "drain");
    }
    response.end();
  });
  const lane = await lanes({ targetPort: port });
  const { out } = await curl(lane.port, "http://site.hoop/big");
  expect(createHash("sha256").update(out).digest("hex")).toBe(wanted);
  const upload = request({
    port: lane.port,
    host: "127.0.0.1",
    method: "POST",
    path: "/up",
    headers: { host: "site.hoop" },
  });
  for (let n = 0; n < size / block.length; n++) if (!upload.write(block)) await once(upload, "drain");
  upload.end();
  const [answer] = (await once(upload, "response")) as [IncomingMessage];
  expect((await bodyOf(answer)).toString()).toBe(wanted);
  written = 0;
  const stalled = request({ port: lane.port, host: "127.0.0.1", path: "/big", headers: { host: "site.hoop" } });
  stalled.end();
  const [held] = (await once(stalled, "response")) as [IncomingMessage];
  held.pause();
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(written).toBeLessThan(24 * 1024 * 1024);
  stalled.destroy();
});

test("WebSockets pass both ways, a foreign page's does not, and rules see the upgrade", async () => {
  const { port, server } = await target((_request, response) => response.end());
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => socket.on("message", (data, binary) => socket.send(data, { binary })));
  cleanups.push(() => sockets.close());
  const lane = await lanes({ targetPort: port });
  const socket = new WebSocket(`ws://127.0.0.1:${lane.port}/live`, { headers: { host: "site.hoop" } });
  await once(socket, "open");
  for (const message of ["hello", "x".repeat(300_000)]) {
    socket.send(message);
    const [data] = (await once(socket, "message")) as [Buffer];
    expect(data.toString()).toBe(message);
  }
  socket.close();
  await once(socket, "close");
  expect(lane.asks[0]?.analysis).toMatchObject({ effects: ["read", "write"], attributes: { upgrade: "websocket" } });
  const foreign = new WebSocket(`ws://127.0.0.1:${lane.port}/live`, {
    headers: { host: "site.hoop", origin: "https://evil.example" },
  });
  const [error] = (await once(foreign, "error")) as [Error];
  expect(error.message).toContain("403");
});

test("server-sent events come as they are sent, 100-continue is asked of the target, HEAD and 304 have no body", async () => {
  let hears = () => {};
  const heard = new Promise<void>((resolve) => {
    hears = resolve;
  });
  const { port, server } = await target((request, response) => {
    if (request.url === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      void heard.then(() => response.end("data: 2\n\n"));
    } else if (request.url === "/304") response.writeHead(304, { etag: '"a"' }).end();
    else response.writeHead(200, { "content-length": "5" }).end(request.method === "HEAD" ? "" : "hello");
  });
  server.on("checkContinue", (request: IncomingMessage, response) => {
    if (request.url === "/no") return response.writeHead(413).end("too big");
    response.writeContinue();
    void bodyOf(request).then((body) => response.end(`got ${body.length}`));
  });
  const lane = await lanes({ targetPort: port });
  const events = request({ port: lane.port, host: "127.0.0.1", path: "/events", headers: { host: "site.hoop" } });
  events.end();
  const [answer] = (await once(events, "response")) as [IncomingMessage];
  const [first] = (await once(answer, "data")) as [Buffer];
  // The second is sent only now: the first one waited for nothing.
  expect(first.toString()).toBe("data: 1\n\n");
  hears();
  answer.resume();
  await once(answer, "end");
  expect((await curl(lane.port, "-I", "http://site.hoop/head")).out.toString()).toMatch(
    /200 OK[\s\S]*content-length: 5/i,
  );
  expect((await curl(lane.port, "-i", "http://site.hoop/304")).out.toString()).toMatch(/304 Not Modified[\s\S]*etag/i);
  const big = ["-H", "Expect: 100-continue", "--data-binary", "x".repeat(2_000)];
  expect((await curl(lane.port, ...big, "http://site.hoop/yes")).out.toString()).toBe("got 2000");
  expect((await curl(lane.port, ...big, "-w", "%{http_code}", "http://site.hoop/no")).out.toString()).toBe(
    "too big413",
  );
});

test("gRPC passes over HTTP/2 in clear on both sides, with its trailers", async () => {
  const server = createHttp2Server((request, response) => {
    response.writeHead(200, { "content-type": "application/grpc" });
    request.on("data", (chunk) => response.write(chunk));
    request.on("end", () => {
      response.addTrailers({ "grpc-status": "0", "grpc-message": "fine" });
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  const lane = await lanes({ targetPort: (server.address() as AddressInfo).port });
  const client = connectHttp2(`http://127.0.0.1:${lane.port}`);
  cleanups.push(() => client.destroy());
  const stream = client.request({
    ":method": "POST",
    ":path": "/demo.Greeter/Hello",
    ":authority": "site.hoop",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.end(Buffer.from("\0\0\0\0\x05hello"));
  const parts: Buffer[] = [];
  stream.on("data", (part: Buffer) => parts.push(part));
  const [trailers] = (await once(stream, "trailers")) as [Record<string, string>];
  expect(trailers).toMatchObject({ "grpc-status": "0", "grpc-message": "fine" });
  expect(Buffer.concat(parts).toString()).toBe("\0\0\0\0\x05hello");
  expect(lane.asks[0]?.analysis?.attributes).toMatchObject({ grpcService: "demo.Greeter", grpcMethod: "Hello" });
});

test("a target that is away, breaks off or does not speak HTTP is an answer, never a hang", async () => {
  const { port } = await target((request, response) => {
    if (request.url === "/cut") {
      response.writeHead(200, { "content-length": "10" });
      response.write("half");
      setTimeout(() => response.destroy(), 50);
    } else request.socket.end("SSH-2.0-nonsense\r\n");
  });
  const lane = await lanes({ targetPort: port });
  expect((await curl(lane.port, "http://site.hoop/noise")).out.toString()).toContain('"status":502');
  expect([18, 56]).toContain((await curl(lane.port, "http://site.hoop/cut")).code);
  const away = await lanes({ targetPort: 1 });
  expect((await curl(away.port, "http://site.hoop/")).out.toString()).toContain('"status":502');
});

test("a secret that an agent could read is not sent, and an order to end is said to whoever waits", async () => {
  let seen = 0;
  const { port } = await target(() => seen++);
  const exposed = await lanes({
    targetPort: port,
    viaAgent: true,
    target: { auth: { kind: "bearer" } },
    secret: "s3cr3t-token",
  });
  expect((await curl(exposed.port, "http://site.hoop/")).out.toString()).toContain("exposesCredentialToAgent");
  expect(seen).toBe(0);
  const lane = await lanes({ targetPort: port });
  const waiting = curl(lane.port, "http://site.hoop/slow");
  await expect.poll(() => seen).toBe(1);
  lane.order({ kind: "end", reason: { code: "revoked", text: "your access has ended" } });
  expect((await waiting).out.toString()).toContain("your access has ended");
  await expect.poll(() => lane.ends).toEqual([{ code: "revoked", text: "your access has ended" }]);
});
