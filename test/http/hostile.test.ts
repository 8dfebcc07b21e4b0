import { once } from "node:events";
import { createServer, request } from "node:http";
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  constants,
  createServer as createHttp2Target,
} from "node:http2";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { http } from "../../src/protocols/http/index.js";
import { type Lanes, startLanes } from "../support/lanes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function lanesTo(port: number, handshakeMs?: number): Promise<Lanes> {
  const lanes = await startLanes(http, { targetPort: port, ...(handshakeMs === undefined ? {} : { handshakeMs }) });
  cleanups.push(() => lanes.close());
  return lanes;
}

async function site(): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url!);
    request.resume();
    response.end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

/** All that a lane answers to bytes, until it closes or is silent for a moment. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  let got = "";
  const answered = new Promise<void>((resolve) => {
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
      if (/\r\n\r\n/.test(got)) setTimeout(resolve, 50);
    });
    socket.once("close", () => resolve());
  });
  socket.write(bytes, "latin1");
  await answered;
  socket.destroy();
  return got;
}

test("floods of headers and cookies end in 431, and the lane's neighbours live", async () => {
  const { port, seen } = await site();
  const lanes = await lanesTo(port);
  const head = "GET /flood HTTP/1.1\r\nHost: site.hoop\r\n";
  expect(await raw(lanes.port, `${head}Cookie: ${"a=b; ".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  expect(await raw(lanes.port, `${head}${"X-A: 1\r\n".repeat(20_000)}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  expect(await raw(lanes.port, "GET /fine HTTP/1.1\r\nHost: site.hoop\r\n\r\n")).toContain("200 OK");
  expect(seen).toEqual(["/fine"]);
});

async function http2(lanes: Lanes): Promise<ClientHttp2Session> {
  const session = connectHttp2(`http://127.0.0.1:${lanes.port}`);
  session.on("error", () => {});
  cleanups.push(() => session.destroy());
  await once(session, "connect");
  return session;
}

async function status(session: ClientHttp2Session, headers: Record<string, string>): Promise<number> {
  const stream = session.request({ ":authority": "site.hoop", ":path": "/", ...headers });
  stream.on("error", () => {});
  stream.resume();
  const answer = await Promise.race([
    once(stream, "response").then(
      ([got]) => Number((got as Record<string, unknown>)[":status"]),
      () => 0,
    ),
    once(stream, "close").then(
      () => 0,
      () => 0,
    ),
  ]);
  stream.close();
  return answer;
}

test("HTTP/2 pseudo-headers mean one thing or nothing", async () => {
  const { port, seen } = await site();
  const session = await http2(await lanesTo(port));
  expect(await status(session, {})).toBe(200);
  expect(await status(session, { host: "evil.example" })).toBe(421);
  expect(await status(session, { ":authority": "evil.example", host: "site.hoop" })).toBe(421);
  // Refused by us, or by HTTP/2 itself.
  expect([0, 400]).toContain(await status(session, { ":path": "http://evil.example/" }));
  expect(await status(session, { ":path": "/a/../admin" })).toBe(400);
  expect([0, 400]).toContain(await status(session, { ":path": "/a b" }));
  expect(seen.filter((url) => url !== "/")).toEqual([]);
});

test("streams that are opened and reset in a storm end their own connection only", async () => {
  const { port } = await site();
  const lanes = await lanesTo(port);
  const storm = await http2(lanes);
  for (let at = 0; at < 3_000 && !storm.destroyed; at++) {
    const stream = storm.request({ ":authority": "site.hoop", ":path": "/x" });
    stream.on("error", () => {});
    stream.close(constants.NGHTTP2_CANCEL);
    if (at % 100 === 0) await new Promise(setImmediate);
  }
  expect(await status(await http2(lanes), {})).toBe(200);
});

test.each([
  ["a bare CR in a value", "HTTP/1.1 200 OK\r\nX-A: 1\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 30\r\n\r\nok"],
  [
    "length and chunks",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  ],
  ["an endless head", `HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(200_000)}`],
  ["no HTTP", "220 smtp.example ESMTP\r\n"],
])("a target that answers with %s is a 502", async (_what, bytes) => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => socket.write(bytes, "latin1"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const lanes = await lanesTo((server.address() as AddressInfo).port);
  const got = await raw(lanes.port, "GET / HTTP/1.1\r\nHost: site.hoop\r\n\r\n");
  expect(got).toMatch(/^HTTP\/1\.1 502 /);
  expect(got).not.toContain("evil");
});

test("trailers that belong to the hop end nothing, neither a client's nor a target's", async () => {
  const server = createServer((request, response) => {
    request.resume();
    request.once("end", () => {
      response.writeHead(200, { trailer: "X-Sum" });
      response.write("ok");
      response.socket!.write("0\r\nConnection: x\r\nX-Sum: 1\r\n\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const lanes = await lanesTo((server.address() as AddressInfo).port);
  const session = await http2(lanes);
  const stream = session.request({ ":authority": "site.hoop", ":path": "/" });
  const [trailers] = (await Promise.all([once(stream, "trailers"), stream.resume()]))[0] as [Record<string, string>];
  expect(Object.keys(trailers)).toEqual(["x-sum"]);
  const head = "POST / HTTP/1.1\r\nHost: site.hoop\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect(await raw(lanes.port, `${head}1\r\na\r\n0\r\nConnection: x\r\nHost: y\r\n\r\n`)).toContain("200 OK");
});

test("an answer that breaks off over HTTP/2 ends its stream only", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/") return void response.end("ok");
    response.write("x".repeat(100_000));
    setTimeout(() => response.destroy(), 20);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const session = await http2(await lanesTo((server.address() as AddressInfo).port));
  for (let at = 0; at < 20; at++) {
    const stream = session.request({ ":authority": "site.hoop", ":path": "/cut" });
    stream.resume();
    await expect(once(stream, "end")).rejects.toThrow(/INTERNAL_ERROR/);
  }
  expect(await status(session, {})).toBe(200);
});

test("clients of HTTP/2 that vanish in the middle of a download end themselves only", async () => {
  const chunk = Buffer.alloc(256 * 1024);
  const server = createServer((request, response) => {
    if (request.url === "/") return void response.end("ok");
    const more = () => {
      while (!response.destroyed && response.write(chunk)) if (response.writableLength > 1_000_000) break;
    };
    response.on("drain", more);
    more();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const lanes = await lanesTo((server.address() as AddressInfo).port);
  for (let at = 0; at < 20; at++) {
    const socket = connect(lanes.port, "127.0.0.1");
    const session = connectHttp2("http://site.hoop", { createConnection: () => socket });
    session.on("error", () => {});
    for (let more = 0; more < 3; more++) {
      const stream = session.request({ ":authority": "site.hoop", ":path": "/big" });
      stream.on("error", () => {});
      if (more > 0) stream.resume();
      await once(stream, "response");
    }
    if (at % 2 === 0) session.destroy();
    else socket.destroy();
  }
  expect(await status(await http2(lanes), {})).toBe(200);
});

/** Resolves when the other side has closed; what it said before. */
async function closed(socket: Socket): Promise<string> {
  let got = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => (got += chunk.toString("latin1")));
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  return got;
}

test.each([
  ["the first byte", "G"],
  ["a head without an end", "GET / HTTP/1.1\r\nHost: site.hoop\r\nX-Slow: "],
  ["a second head", "GET / HTTP/1.1\r\nHost: site.hoop\r\n\r\nGET /second HTTP/1.1\r\nHost: si"],
])("a client that stops after %s is not waited for", async (_what, bytes) => {
  const { port } = await site();
  const lanes = await lanesTo(port, 300);
  const socket = connect(lanes.port, "127.0.0.1");
  // A byte now and then does not buy time.
  socket.write(bytes);
  const drip = setInterval(() => socket.write("a"), 40);
  cleanups.push(
    () => clearInterval(drip),
    () => socket.destroy(),
  );
  if (bytes.length === 1) clearInterval(drip);
  await closed(socket);
  expect(lanes.ends.at(-1)).toMatchObject({ code: "timeout" });
});

test("a header block of HTTP/2 without an end is not waited for, a connection that is silent between requests is", async () => {
  const { port } = await site();
  const lanes = await lanesTo(port, 2_000);
  const quiet = connectHttp2(`http://127.0.0.1:${lanes.port}`);
  cleanups.push(() => quiet.destroy());
  const ask = async () => {
    const stream = quiet.request({ ":path": "/", ":authority": "site.hoop" });
    stream.resume();
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    await once(stream, "close");
    return headers[":status"];
  };
  expect(await ask()).toBe(200);

  const socket = connect(lanes.port, "127.0.0.1");
  cleanups.push(() => socket.destroy());
  // SETTINGS, then HEADERS of one byte without END_HEADERS.
  socket.write(
    Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.from("000000040000000000", "hex")]),
  );
  socket.write(Buffer.from("00000101000000000182", "hex"));
  await closed(socket);
  expect(lanes.ends.at(-1)).toMatchObject({ code: "timeout" });
  expect(await ask()).toBe(200);
});

test("a body, a WebSocket and an answer may take longer than a head", async () => {
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length));
    request.on("end", () => response.end(`got ${bytes}`));
  });
  server.on("upgrade", (_request, socket) => {
    socket.on("error", () => {});
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const deadline = 1_500;
  const lanes = await lanesTo((server.address() as AddressInfo).port, deadline);
  const slowly = async (socket: Socket, parts: number) => {
    for (let part = 0; part < parts; part++) {
      await new Promise((resolve) => setTimeout(resolve, deadline / 3));
      socket.write("x");
    }
  };
  const upload = connect(lanes.port, "127.0.0.1");
  upload.write("POST / HTTP/1.1\r\nHost: site.hoop\r\nContent-Length: 6\r\nConnection: close\r\n\r\n");
  const uploaded = closed(upload);
  await slowly(upload, 6);
  expect(await uploaded).toContain("got 6");

  const become = connect(lanes.port, "127.0.0.1");
  become.on("error", () => {});
  cleanups.push(() => become.destroy());
  become.write("GET / HTTP/1.1\r\nHost: site.hoop\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  let echoed = "";
  become.on("data", (chunk) => (echoed += chunk));
  await slowly(become, 6);
  await expect.poll(() => echoed).toMatch(/x{6}$/);
});

test("targets of HTTP/2 that vanish in the middle of an upload or an answer cost that request only", async () => {
  const sockets = new Set<Socket>();
  let turn = 0;
  const target = createHttp2Target((request, response) => {
    request.resume();
    request.on("error", () => {});
    response.on("error", () => {});
    const last = turn++;
    if (last >= 30) return void request.once("end", () => response.end("whole"));
    response.writeHead(200);
    response.write(Buffer.alloc(100_000));
    setTimeout(() => [...sockets].at(-1)?.destroy(), last % 12);
  });
  target.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    target.close();
  });
  const { port } = target.address() as AddressInfo;
  const lanes = await startLanes(http, { targetPort: port, target: { http2: "prior-knowledge", scheme: "http" } });
  cleanups.push(() => lanes.close());
  const upload = () =>
    new Promise<string>((resolve) => {
      const asked = request({
        host: "127.0.0.1",
        port: lanes.port,
        method: "POST",
        path: "/",
        headers: { host: "site.hoop" },
        agent: false,
      });
      asked.on("error", () => resolve("failed"));
      asked.on("response", (answer) => {
        let text = "";
        answer.on("data", (chunk) => (text += chunk));
        answer.on("error", () => resolve("cut"));
        answer.on("end", () => resolve(text));
      });
      asked.end(Buffer.alloc(2_000_000, 65));
    });
  for (let i = 0; i < 30; i++) expect(await upload()).not.toBe("whole");
  expect(await upload()).toBe("whole");
});
