import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import {
  AgentService,
  ClientService,
  connectGrpc,
  createGrpcServer,
  GrpcError,
  grpcStatus,
  openLane,
  service,
} from "../../src/transport/grpc/index.js";
import { until } from "../transport/gateway.js";

/** Peers who have proven nothing, against a server that carries others meanwhile. */

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

async function serve({
  strangerMs,
  pongMs = 700,
  ...most
}: {
  strangerMs?: number;
  pongMs?: number;
  maxConnections?: number;
  maxStrangers?: number;
} = {}) {
  const reached: string[] = [];
  const server = createGrpcServer({
    // Node leaves a connection open on which HTTP/2 itself has given up; then no ping is answered, and that ends it.
    keepalive: { intervalMs: 300, timeoutMs: pongMs },
    strangerMs,
    ...most,
    services: [
      service(ClientService, {
        lane: (pipe) => {
          reached.push("lane");
          pipe.start({ data: (chunk) => pipe.write(chunk), end: () => pipe.end(), drain() {}, closed() {} });
        },
        watch: (_request, stream) => {
          reached.push("watch");
          stream.fail(new GrpcError(grpcStatus.unauthenticated, "no"));
        },
      }),
      service(AgentService, {
        enrol: async () => {
          reached.push("enrol");
          throw new GrpcError(grpcStatus.unauthenticated, "no");
        },
        renew: async () => {
          throw new GrpcError(grpcStatus.unauthenticated, "no");
        },
        control: (_stream, call) => call.refuse(grpcStatus.unauthenticated, "no"),
        lane: (_pipe, call) => call.refuse(grpcStatus.unauthenticated, "no"),
      }),
    ],
  });
  stops.push(() => server.close());
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${port}`;
  /** Somebody honest is served all the same. */
  const honest = async () => {
    const session = await connectGrpc({ url, userAgent: "honest" });
    const pipe = openLane(session, { connection: "pg", token: "t" });
    const closed = new Promise((resolve) => pipe.start({ data() {}, end() {}, drain() {}, closed: resolve }));
    pipe.end();
    expect(await closed).toBeNull();
    session.close();
  };
  return { server, port, url, reached, honest };
}

function attack(url: string): ClientHttp2Session {
  const session = connectHttp2(url, {
    settings: { enablePush: false, initialWindowSize: 1 << 20 },
    peerMaxConcurrentStreams: 100_000,
  });
  session.on("error", () => {});
  stops.push(() => session.destroy());
  return session;
}

const head = (path: string) => ({
  ":method": "POST",
  ":path": path,
  "content-type": "application/grpc",
  te: "trailers",
});

/** How a call ended: gRPC's status, or HTTP's. */
function outcome(session: ClientHttp2Session, path: string, body: Buffer | null): Promise<string> {
  return new Promise((resolve) => {
    const stream = session.request(head(path));
    let told = "";
    stream.on("error", () => {});
    stream.on("response", (headers) => {
      told = String(headers["grpc-status"] ?? headers[":status"]);
    });
    stream.on("trailers", (headers) => {
      told = String(headers["grpc-status"] ?? told);
    });
    stream.on("close", () => resolve(told || `reset ${stream.rstCode}`));
    stream.resume();
    if (body !== null) stream.end(body);
  });
}

it.each(["/hoop.v1.AgentService/Enrol", "/hoop.v1.AgentService/Renew", "/hoop.v1.ClientService/Watch"])(
  "a question of a megabyte to %s is refused by its first bytes",
  async (path) => {
    const { url, reached } = await serve();
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(1024 * 1024, 1);
    const session = attack(url);
    const stream = session.request(head(path));
    stream.on("error", () => {});
    stream.resume();
    const status = new Promise((resolve) => stream.on("response", (headers) => resolve(headers["grpc-status"])));
    // No end, and none of the megabyte: five bytes are enough to know.
    stream.write(prefix);
    expect(await status).toBe("8");
    expect(reached).toEqual([]);
  },
);

it("a thousand questions that are begun and never finished cost little, and end by themselves", async () => {
  const { url, honest } = await serve();
  const session = attack(url);
  const part = Buffer.alloc(32 * 1024);
  part.writeUInt32BE(60 * 1024, 1);
  collect();
  const before = process.memoryUsage();
  let ended = 0;
  const streams = 900;
  for (let i = 0; i < streams; i++) {
    const stream = session.request(head("/hoop.v1.AgentService/Enrol"));
    stream.on("error", () => {});
    stream.on("close", () => ended++);
    stream.resume();
    stream.write(part);
  }
  await honest();
  collect();
  const after = process.memoryUsage();
  // Both ends are in this process: what the caller keeps counts as well.
  expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(128 * 1024 * 1024);
  await until(() => ended === streams);
  await honest();
}, 180_000);

it("refused calls that their caller keeps open do not pile up: the connection is ended, others go on", async () => {
  const { url, honest } = await serve();
  const session = attack(url);
  let over = false;
  session.on("close", () => {
    over = true;
  });
  for (let i = 0; i < 5_000 && !over; i++) {
    try {
      session.request(head("/hoop.v1.Nothing/AtAll")).on("error", () => {});
    } catch {
      // GOAWAY came.
    }
    if (i % 100 === 0) await new Promise(setImmediate);
  }
  await until(() => over);
  await honest();
});

it("a connection on which no call was ever taken is ended, however many were refused; one with a call lives on", async () => {
  const { url, honest } = await serve({
    strangerMs: 3_000,
    // A machine that stands still for a moment must not end what is to live on.
    pongMs: 20_000,
  });
  const good = await connectGrpc({ url, userAgent: "honest" });
  stops.push(() => good.close());
  const pipe = openLane(good, { connection: "pg", token: "t" });
  let echoed = "";
  let ended = false;
  pipe.start({ data: (chunk) => (echoed += chunk.toString()), end() {}, drain() {}, closed: () => (ended = true) });
  pipe.write(Buffer.from("one"));
  await until(() => echoed === "one");
  const idle = attack(url);
  const asking = attack(url);
  const over = [idle, asking].map((session) => new Promise((resolve) => session.on("close", resolve)));
  const again = setInterval(() => {
    if (!asking.destroyed && !asking.closed)
      void outcome(asking, "/hoop.v1.AgentService/Enrol", Buffer.from([0, 0, 0, 0, 0])).catch(() => {});
  }, 50);
  stops.push(() => clearInterval(again));
  await Promise.all(over);
  pipe.write(Buffer.from(" two"));
  await until(() => echoed === "one two");
  expect(ended).toBe(false);
  await honest();
});

it("no other spelling of a path reaches a method", async () => {
  const { url, reached } = await serve();
  const session = attack(url);
  for (const path of [
    "/hoop.v1.ClientService/../AgentService/Enrol",
    "//hoop.v1.AgentService/Enrol",
    "/hoop.v1.AgentService/Enrol/",
    "/hoop.v1.AgentService/Enrol?x",
    "/hoop.v1.AgentService/Enrol#x",
    "/hoop.v1.agentservice/enrol",
    "/HOOP.V1.AGENTSERVICE/ENROL",
    "/hoop.v1.AgentService%2fEnrol",
    "/hoop.v1.AgentService/Enrol%00",
    "/__proto__",
    "/constructor",
  ]) {
    expect([path, await outcome(session, path, Buffer.from([0, 0, 0, 0, 0]))]).toEqual([path, "12"]);
  }
  expect(reached).toEqual([]);
  expect(await outcome(session, "/hoop.v1.AgentService/Enrol", Buffer.from([0, 0, 0, 0, 0]))).toBe("16");
  expect(reached).toEqual(["enrol"]);
});

/** Bytes on the wire, below what any client library would send. */
async function raw(port: number): Promise<{ socket: Socket; over: () => boolean; bytes: () => number }> {
  const socket = connect(port, "127.0.0.1");
  stops.push(() => socket.destroy());
  let over = false;
  let bytes = 0;
  socket.on("error", () => {});
  socket.on("close", () => {
    over = true;
  });
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, Buffer.alloc(0))]));
  await until(() => bytes > 0 || over);
  return { socket, over: () => over, bytes: () => bytes };
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** Writes the same again and again until the server has had enough; answers whether it had. */
async function flood(port: number, first: Buffer, again: Buffer, times: number): Promise<boolean> {
  const { socket, over } = await raw(port);
  socket.write(first);
  for (let i = 0; i < times && !over(); i++) {
    if (!socket.write(again))
      await Promise.race([
        new Promise((resolve) => socket.once("drain", resolve)),
        new Promise((resolve) => socket.once("close", resolve)),
      ]);
    if (i % 8 === 0) await new Promise(setImmediate);
  }
  const deadline = Date.now() + 60_000;
  while (!over() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  return over();
}

it.each([
  [
    "headers that never end (CONTINUATION)",
    frame(1, 0, 1, Buffer.from([0x82])),
    frame(9, 0, 1, Buffer.alloc(16_000, 0x82)),
    4_000,
  ],
  [
    "one header of many megabytes",
    frame(1, 0, 1, Buffer.from([0, 1, 0x61, 0x7f, 0xff, 0xff, 0xff, 0x07])),
    frame(9, 0, 1, Buffer.alloc(16_000, 0x61)),
    4_000,
  ],
  [
    "empty CONTINUATION frames",
    frame(1, 0, 1, Buffer.from([0x82])),
    Buffer.concat(new Array(1000).fill(frame(9, 0, 1, Buffer.alloc(0)))),
    2_000,
  ],
  ["windows that overflow", Buffer.alloc(0), frame(8, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])), 10],
  [
    "a window below nought",
    Buffer.alloc(0),
    frame(4, 0, 0, Buffer.from([0, constants.NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0xff, 0xff, 0xff, 0xff])),
    10,
  ],
  ["settings without end", Buffer.alloc(0), Buffer.concat(new Array(500).fill(frame(4, 0, 0, Buffer.alloc(0)))), 2_000],
  [
    "a frame larger than was agreed on",
    Buffer.alloc(0),
    Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]), Buffer.alloc(70_000)]),
    100,
  ],
  ["data on a stream that was never opened", Buffer.alloc(0), frame(0, 0, 7, Buffer.alloc(10)), 10],
  ["a stream of the server's own", Buffer.alloc(0), frame(1, 5, 2, Buffer.from([0x82])), 10],
])(
  "%s end that connection, and memory stays",
  async (_what, first, again, times) => {
    const { port, honest } = await serve();
    collect();
    const before = process.memoryUsage();
    expect(await flood(port, first, again, times)).toBe(true);
    collect();
    const after = process.memoryUsage();
    expect(after.rss - before.rss).toBeLessThan(256 * 1024 * 1024);
    await honest();
  },
  180_000,
);

it("pings without end, whose answers nobody reads, cost little", async () => {
  const { port, honest } = await serve();
  const { socket, over } = await raw(port);
  socket.pause();
  collect();
  const before = process.memoryUsage();
  const pings = Buffer.concat(new Array(1000).fill(frame(6, 0, 0, Buffer.alloc(8))));
  for (let i = 0; i < 300 && !over(); i++) {
    if (!socket.write(pings))
      await Promise.race([
        new Promise((resolve) => socket.once("drain", resolve)),
        new Promise((resolve) => setTimeout(resolve, 50)),
      ]);
  }
  collect();
  const after = process.memoryUsage();
  expect(after.rss - before.rss).toBeLessThan(256 * 1024 * 1024);
  await honest();
}, 180_000);

describe("connections that nobody uses", () => {
  const idle = (port: number, say: Buffer | null): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        if (say !== null) socket.write(say);
        resolve(socket);
      });
      socket.on("error", () => {});
      stops.push(() => socket.destroy());
    });
  const greeting = Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  ]);

  it.each([
    ["that say nothing", null],
    ["that say half of what they should", greeting.subarray(0, 10)],
    ["that are greeted and ask nothing", greeting],
  ])("%s leave a place for who comes, and do not cost who is there theirs", async (_what, say) => {
    const { port, url, honest } = await serve({ maxConnections: 60, maxStrangers: 40 });
    const session = await connectGrpc({ url, userAgent: "there before" });
    stops.push(() => session.close());
    const pipe = openLane(session, { connection: "pg", token: "t" });
    let said = "";
    let closed = false;
    pipe.start({ data: (chunk) => (said += chunk), end() {}, drain() {}, closed: () => (closed = true) });
    pipe.write(Buffer.from("before"));
    await until(() => said === "before");
    for (let i = 0; i < 200; i++) await idle(port, say);
    await honest();
    pipe.write(Buffer.from(", after"));
    await until(() => said === "before, after");
    expect(closed).toBe(false);
  });

  it("are those, too, on which somebody once had a lane", async () => {
    const { url, honest } = await serve({ maxConnections: 60, maxStrangers: 40 });
    for (let i = 0; i < 100; i++) {
      const session = await connectGrpc({ url, userAgent: "once" });
      stops.push(() => session.close());
      const pipe = openLane(session, { connection: "pg", token: "t" });
      const closed = new Promise((resolve) => pipe.start({ data() {}, end() {}, drain() {}, closed: resolve }));
      pipe.end();
      expect(await closed).toBeNull();
    }
    await honest();
  });
});
