import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  ClientService,
  connectGrpc,
  createGrpcServer,
  type GrpcSession,
  openLane,
  service,
} from "../../src/transport/grpc/index.js";
import { heldByReaders } from "../../src/transport/http2/window-budget.js";
import type { Pipe, PipeAbort } from "../../src/transport/pipe.js";
import { createTestAuthority } from "./authority.js";
import { until } from "./gateway.js";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const mega = 1024 * 1024;

/** A gateway that does with a lane what the lane's connection is named. */
async function serve(lanes: Readonly<Record<string, (pipe: Pipe) => void>>, encrypted = false) {
  const authority = encrypted ? await createTestAuthority("flow") : null;
  const issued = await authority?.issue(["127.0.0.1"]);
  const server = createGrpcServer({
    services: [
      service(ClientService, {
        lane: (pipe, call) => lanes[call.headers["hoop-connection"] ?? ""]!(pipe),
        watch: () => {},
      }),
    ],
    tls: issued && { key: issued.key, cert: issued.chain },
  });
  stops.push(() => server.close());
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  const dial = async (to = port): Promise<GrpcSession> => {
    const session = await connectGrpc({
      url: `${encrypted ? "https" : "http"}://127.0.0.1:${to}`,
      userAgent: "flow/1",
      tls: authority === null ? undefined : { ca: authority.ca },
    });
    stops.push(() => session.close());
    return session;
  };
  return { port, dial };
}

const echo = (pipe: Pipe): void =>
  pipe.start({
    data: (chunk) => {
      if (!pipe.write(chunk)) pipe.pause();
    },
    end: () => pipe.end(),
    drain: () => pipe.resume(),
    closed() {},
  });

/** Writes so much as fast as it is taken, then ends. */
function pour(pipe: Pipe, bytes: number): { readonly hash: () => string } {
  const hash = createHash("sha256");
  let sent = 0;
  const seed = randomBytes(mega);
  const go = () => {
    while (sent < bytes) {
      const size = Math.min(bytes - sent, 1 + ((sent * 7919) % 300_000));
      const from = sent % (mega - 300_000);
      const chunk = Buffer.from(seed.subarray(from, from + size));
      hash.update(chunk);
      sent += size;
      if (!pipe.write(chunk)) return;
    }
    pipe.end();
  };
  pipe.start({ data() {}, end() {}, drain: go, closed() {} });
  go();
  return { hash: () => hash.digest("hex") };
}

const open = (session: GrpcSession, connection: string) => openLane(session, { connection, token: "t" });

/** Asks and waits for the echo, again and again, until told to stop; answers the longest wait. */
function pingPong(pipe: Pipe): { count: number; longest: number } {
  const state = { count: 0, longest: 0 };
  let since = performance.now();
  pipe.start({
    data() {
      state.longest = Math.max(state.longest, performance.now() - since);
      state.count++;
      since = performance.now();
      pipe.write(Buffer.from("?"));
    },
    end() {},
    drain() {},
    closed() {},
  });
  pipe.write(Buffer.from("?"));
  return state;
}

describe.each([
  ["plaintext", false],
  ["TLS", true],
])("64 MB over %s", (_what, encrypted) => {
  it("arrive as they were sent, though the reader stops again and again and others talk beside it", async () => {
    let sent: { hash: () => string } | null = null;
    const { dial } = await serve(
      {
        bulk: (pipe) => {
          sent = pour(pipe, 64 * mega);
        },
        echo,
      },
      encrypted,
    );
    const session = await dial();
    const talk = pingPong(open(session, "echo"));
    const bulk = open(session, "bulk");
    const hash = createHash("sha256");
    let bytes = 0;
    let chunks = 0;
    const over = new Promise<PipeAbort | null>((resolve) =>
      bulk.start({
        data(chunk) {
          hash.update(chunk);
          bytes += chunk.length;
          // What we were given is ours: to change it must not change what comes later.
          chunk.fill(0);
          if (++chunks % 50 === 0) {
            bulk.pause();
            setTimeout(() => bulk.resume(), 1);
          }
        },
        end: () => bulk.end(),
        drain() {},
        closed: resolve,
      }),
    );
    expect(await over).toBeNull();
    expect(bytes).toBe(64 * mega);
    expect(hash.digest("hex")).toBe(sent!.hash());
    expect(talk.count).toBeGreaterThan(0);
  });
});

describe("a reader that stalls", () => {
  it("costs its own window and nobody else anything: a gigabyte behind it stays where it comes from", async () => {
    const sources: Pipe[] = [];
    const { dial } = await serve({
      stalled: (pipe) => {
        sources.push(pipe);
        pour(pipe, 1024 * mega);
      },
      echo,
    });
    const session = await dial();
    const talk = pingPong(open(session, "echo"));
    await until(() => talk.count > 10);
    const stalled = Array.from({ length: 5 }, () => {
      const pipe = open(session, "stalled");
      pipe.start({ data() {}, end() {}, drain() {}, closed() {} });
      pipe.pause();
      return pipe;
    });
    await until(() => sources.length === 5 && sources.every((pipe) => pipe.buffered > 0));
    const before = talk.count;
    await until(() => talk.count > before + 500);
    for (const source of sources) expect(source.bytesOut).toBeLessThan(2 * mega);
    // Held in this process by the readers' end: windows, five of them, and no more.
    expect(heldByReaders.used).toBeLessThanOrEqual(5 * 512 * 1024);
    expect(heldByReaders.used).toBeGreaterThan(0);
    for (const pipe of stalled) pipe.abort({ code: "cancelled", text: "enough" });
    await until(() => heldByReaders.used === 0);
    const after = talk.count;
    await until(() => talk.count > after + 100);
  });
});

describe("many at once", () => {
  it("take turns: none of eight pours is done before another has begun in earnest", async () => {
    const { dial } = await serve({ bulk: (pipe) => void pour(pipe, 8 * mega) });
    const session = await dial();
    const counts = new Array<number>(8).fill(0);
    let least = -1;
    await Promise.all(
      counts.map(
        (_, at) =>
          new Promise<void>((resolve) => {
            const pipe = open(session, "bulk");
            pipe.start({
              data(chunk) {
                counts[at]! += chunk.length;
                if (least < 0 && counts[at]! >= 8 * mega) least = Math.min(...counts);
              },
              end: () => pipe.end(),
              drain() {},
              closed: () => resolve(),
            });
          }),
      ),
    );
    expect(counts).toEqual(new Array<number>(8).fill(8 * mega));
    expect(least).toBeGreaterThan(mega);
  });

  it("answer a small question between the pieces of what two others pour", async () => {
    const { dial } = await serve({ bulk: (pipe) => void pour(pipe, 1024 * mega), echo });
    const session = await dial();
    for (let i = 0; i < 2; i++) {
      const pipe = open(session, "bulk");
      pipe.start({ data() {}, end() {}, drain() {}, closed() {} });
      stops.push(() => pipe.abort({ code: "cancelled", text: "enough" }));
    }
    const talk = pingPong(open(session, "echo"));
    await until(() => talk.count > 50);
  });
});

describe("a long path", () => {
  /** A wire of which each direction takes so many milliseconds, whatever it carries. */
  async function longWire(to: number, ms: number): Promise<number> {
    const server = createServer((near) => {
      const far = connect(to, "127.0.0.1");
      for (const [from, into] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on("error", () => {});
        from.on("data", (chunk) => setTimeout(() => into.write(chunk), ms));
        from.on("close", () => setTimeout(() => into.destroy(), ms));
      }
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    stops.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  it("gets windows that fit it, and a short one keeps its own", async () => {
    const { port, dial } = await serve({ bulk: (pipe) => void pour(pipe, 48 * mega) });
    const largest = async (session: GrpcSession): Promise<number> => {
      const pipe = open(session, "bulk");
      let size = 0;
      await new Promise<void>((resolve) => {
        pipe.start({
          data() {
            size = Math.max(size, windowOf(pipe));
          },
          end: () => pipe.end(),
          drain() {},
          closed: () => resolve(),
        });
      });
      return size;
    };
    expect(await largest(await dial(await longWire(port, 50)))).toBeGreaterThanOrEqual(2 * mega);
    // A round trip of a few milliseconds at most, in one process: no reason to let more pile up. A process that is not
    // scheduled for a while makes any path look long, though not each time.
    const short = [await largest(await dial())];
    while (short.length < 3 && short.at(-1)! > 8 * mega) short.push(await largest(await dial()));
    expect(Math.min(...short)).toBeLessThanOrEqual(8 * mega);
  });

  const windowOf = (pipe: Pipe) =>
    (pipe as unknown as { call: { stream: { window: { size: number } } } }).call.stream.window.size;
});

describe("node:http2 as the server", () => {
  it("carries our lane both ways, with windows and frames of 64 and 16 KB", async () => {
    const server = createHttp2Server();
    server.on("stream", (stream: ServerHttp2Stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.pipe(stream);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    stops.push(() => server.close());
    const session = await connectGrpc({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      userAgent: "flow/1",
    });
    stops.push(() => session.close());
    const pipe = open(session, "any");
    const hash = createHash("sha256");
    let bytes = 0;
    const over = new Promise<PipeAbort | null>((resolve) => {
      const sink = {
        data(chunk: Buffer) {
          hash.update(chunk);
          bytes += chunk.length;
        },
        end() {},
        drain: () => go(),
        closed: resolve,
      };
      pipe.start(sink);
    });
    const expected = createHash("sha256");
    let sent = 0;
    const go = () => {
      while (sent < 8 * mega) {
        const chunk = randomBytes(100_000);
        expected.update(chunk);
        sent += chunk.length;
        if (!pipe.write(chunk)) return;
      }
      pipe.end();
    };
    go();
    expect(await over).toBeNull();
    expect(bytes).toBe(sent);
    expect(hash.digest("hex")).toBe(expected.digest("hex"));
  });
});
