import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import {
  ClientService,
  connectGrpc,
  createGatewayLink,
  createGrpcServer,
  type GrpcServerOptions,
  type LinkEvent,
  openLane,
  service,
} from "../../src/transport/grpc/index.js";
import type { Pipe, PipeAbort } from "../../src/transport/pipe.js";
import { createTestAuthority } from "./authority.js";
import { until } from "./gateway.js";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function serve(options: Partial<GrpcServerOptions> = {}, port = 0) {
  const lanes: Pipe[] = [];
  const server = createGrpcServer({
    services: [
      service(ClientService, {
        lane: (pipe) => {
          lanes.push(pipe);
          pipe.start({ data: (chunk) => pipe.write(chunk), end: () => pipe.end(), drain() {}, closed() {} });
        },
        watch: () => {},
      }),
    ],
    ...options,
  });
  stops.push(() => server.close());
  const bound = await server.listen({ host: "127.0.0.1", port });
  return { server, lanes, port: bound.port, url: `http://127.0.0.1:${bound.port}` };
}

/** A wire in between that can be cut without a word, as a dead router does. */
async function wire(port: number) {
  const pairs: [Socket, Socket][] = [];
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) socket.on("error", () => {});
    near.pipe(far);
    far.pipe(near);
    pairs.push([near, far]);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(() => {
    server.close();
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    freeze() {
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
  };
}

const closedOf = (pipe: Pipe) =>
  new Promise<PipeAbort | null>((resolve) => pipe.start({ data() {}, end() {}, drain() {}, closed: resolve }));
const lane = { connection: "pg-prod", token: "token" };

describe("a connection", () => {
  it("whose peer is gone without a word is found by both ends", async () => {
    const keepalive = { intervalMs: 100, timeoutMs: 3_000 };
    const dead: string[] = [];
    const { lanes, port } = await serve({ keepalive, onEvent: ({ kind }) => void dead.push(kind) });
    const between = await wire(port);
    const session = await connectGrpc({ url: `http://127.0.0.1:${between.port}`, userAgent: "t/1", keepalive });
    const closed = closedOf(openLane(session, lane));
    await until(() => lanes.length === 1);
    // Alive and idle for several pings: idle is not dead.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(dead).toEqual(["connected"]);
    between.freeze();
    expect(await closed).toMatchObject({ code: "unavailable" });
    expect(await session.closed).toMatchObject({ code: "dead" });
    await until(() => dead.includes("dead"));
  });

  it("on which nothing is said is closed", async () => {
    const { port } = await serve();
    const socket = connect(port, "127.0.0.1");
    socket.resume();
    await new Promise((resolve) => socket.on("close", resolve));
  });

  it("that opens and resets streams as fast as it can is ended, and nobody else's", async () => {
    const { url } = await serve();
    const good = await connectGrpc({ url, userAgent: "t/1" });
    stops.push(() => good.close());
    const attacker = connectHttp2(url, { settings: { enablePush: false } });
    attacker.on("error", () => {});
    let over = false;
    attacker.on("close", () => {
      over = true;
    });
    attacker.on("goaway", () => {
      over = true;
    });
    for (let i = 0; i < 20_000 && !over; i++) {
      const stream = attacker.request({
        ":method": "POST",
        ":path": "/hoop.v1.ClientService/Lane",
        "content-type": "application/grpc",
      });
      stream.on("error", () => {});
      stream.close(8);
      if (i % 50 === 0) await new Promise(setImmediate);
    }
    await until(() => over);
    attacker.destroy();
    const pipe = openLane(good, lane);
    const closed = closedOf(pipe);
    pipe.end();
    expect(await closed).toBeNull();
  });
});

describe("plaintext", () => {
  it("is refused off loopback on both ends, unless allowed", async () => {
    const server = createGrpcServer({ services: [] });
    await expect(server.listen({ host: "0.0.0.0", port: 0 })).rejects.toMatchObject({ code: "denied" });
    await expect(connectGrpc({ url: "http://198.51.100.1:1", userAgent: "t/1" })).rejects.toMatchObject({
      code: "denied",
    });
    const open = createGrpcServer({ services: [], allowPlaintext: true });
    stops.push(() => open.close());
    await expect(open.listen({ host: "0.0.0.0", port: 0 })).resolves.toMatchObject({ host: "0.0.0.0" });
  });
});

describe("TLS", () => {
  it("is verified by name and authority, and certificates of callers count only when verified", async () => {
    const [ours, theirs] = [await createTestAuthority("ours"), await createTestAuthority("theirs")];
    const { key, chain } = await ours.issue(["localhost", "127.0.0.1"]);
    const seen: boolean[] = [];
    const { port } = await serve({
      tls: { key, cert: chain, ca: ours.ca, requestClientCert: true },
      services: [
        service(ClientService, {
          lane: (pipe, call) => {
            seen.push(call.peer.certificate !== null);
            pipe.abort({ code: "cancelled", text: "seen" });
          },
          watch: () => {},
        }),
      ],
    });
    const url = `https://127.0.0.1:${port}`;
    const attempt = async (tls: object) => {
      const session = await connectGrpc({ url, userAgent: "t/1", tls });
      stops.push(() => session.close());
      await closedOf(openLane(session, lane));
    };
    await attempt({ ca: ours.ca });
    const mine = await ours.issue(["agent"], "clientAuth");
    await attempt({ ca: ours.ca, key: mine.key, cert: mine.chain });
    const forged = await theirs.issue(["agent"], "clientAuth");
    await attempt({ ca: ours.ca, key: forged.key, cert: forged.chain });
    expect(seen).toEqual([false, true, false]);
    await expect(attempt({ ca: theirs.ca })).rejects.toMatchObject({ code: "denied" });
    await expect(attempt({ ca: ours.ca, serverName: "other.example" })).rejects.toMatchObject({ code: "denied" });
  });
});

describe("a link", () => {
  it("comes back by itself, and says what happens", async () => {
    const first = await serve();
    const link = createGatewayLink({ url: first.url, userAgent: "t/1", backoff: { minMs: 10, maxMs: 50 } });
    stops.push(() => link.close());
    const events: LinkEvent["kind"][] = [];
    link.watch((event) => events.push(event.kind));
    const session = await link.ready(AbortSignal.timeout(60_000));
    const closed = closedOf(openLane(session, lane));
    await until(() => first.lanes.length === 1);
    await first.server.close();
    expect(await closed).toMatchObject({ code: "unavailable" });
    await until(() => events.includes("failed"));
    expect(link.session).toBeNull();
    expect(() => openLane(session, lane)).toThrow(/lost/);
    await serve({}, first.port);
    await link.ready(AbortSignal.timeout(60_000));
    expect(events[0]).toBe("up");
    expect(events[1]).toBe("down");
    expect(events.at(-1)).toBe("up");
  });

  it("goes to another connection when the server drains, and leaves its lanes in peace", async () => {
    const first = await serve();
    const link = createGatewayLink({ url: first.url, userAgent: "t/1", backoff: { minMs: 10, maxMs: 50 } });
    stops.push(() => link.close());
    const session = await link.ready(AbortSignal.timeout(60_000));
    const pipe = openLane(session, lane);
    let received = "";
    const closed = new Promise<PipeAbort | null>((resolve) =>
      pipe.start({
        data: (chunk) => {
          received += chunk.toString();
        },
        end() {},
        drain() {},
        closed: resolve,
      }),
    );
    pipe.write(Buffer.from("one"));
    await until(() => received === "one");
    const drained = first.server.drain(10_000);
    await session.drained;
    await serve({}, first.port);
    await until(() => link.session !== null && link.session !== session);
    pipe.write(Buffer.from(" two"));
    await until(() => received === "one two");
    pipe.end();
    expect(await closed).toBeNull();
    await drained;
  });
});

describe("a paused lane", () => {
  it("costs about its window, however small the pieces in which a hostile peer fills it", async () => {
    const { lanes, port } = await serve({
      services: [
        service(ClientService, {
          lane: (pipe) => {
            lanes.push(pipe);
            pipe.start({ data() {}, end() {}, drain() {}, closed() {} });
            pipe.pause();
          },
          watch: () => {},
        }),
      ],
    });
    const frame = (type: number, flags: number, stream: number, payload: Buffer) => {
      const header = Buffer.alloc(9);
      header.writeUIntBE(payload.length, 0, 3);
      header[3] = type;
      header[4] = flags;
      header.writeUInt32BE(stream, 5);
      return Buffer.concat([header, payload]);
    };
    const literal = (name: string, value: string) =>
      Buffer.concat([
        Buffer.from([0, name.length]),
        Buffer.from(name),
        Buffer.from([value.length]),
        Buffer.from(value),
      ]);
    const socket = connect(port, "127.0.0.1");
    stops.push(() => socket.destroy());
    socket.on("error", () => {});
    let answered = 0;
    socket.on("data", (chunk) => {
      answered += chunk.length;
    });
    socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, Buffer.alloc(0))]));
    // The window of a lane counts from the acknowledged settings on.
    await until(() => answered > 0);
    const headers = [
      literal(":method", "POST"),
      literal(":scheme", "http"),
      literal(":authority", "hoop"),
      literal(":path", "/hoop.v1.ClientService/Lane"),
      literal("content-type", "application/grpc"),
    ];
    socket.write(Buffer.concat([frame(4, 1, 0, Buffer.alloc(0)), frame(1, 4, 1, Buffer.concat(headers))]));
    await until(() => lanes.length === 1);
    const before = process.memoryUsage();
    const pieces = Buffer.concat(new Array(1000).fill(frame(0, 0, 1, Buffer.from([0]))));
    for (let sent = 0; sent < 500_000; sent += 1000) {
      if (!socket.write(pieces)) await once(socket, "drain");
    }
    await until(() => socket.writableLength === 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    const after = process.memoryUsage();
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(16 * 1024 * 1024);
    expect(lanes[0]!.bytesIn).toBe(0);
  });
});
