import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { constants, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { http } from "../../src/protocols/http/index.js";
import type { MaskPlan } from "../../src/vocabulary/index.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function lanes(options: LaneOptions): Promise<Lanes> {
  const started = await startLanes(http, options);
  cleanups.push(() => started.close());
  return started;
}

async function curl(port: number, ...args: string[]): Promise<{ out: string; code: number }> {
  const child = spawn("curl", ["-sS", "--max-time", "60", "--connect-to", `site.hoop::127.0.0.1:${port}`, ...args]);
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  const [code] = (await once(child, "close")) as [number];
  return { out, code };
}

async function finished(lane: Lanes) {
  const found = () => lane.notes.find((note) => note.kind === "finished");
  await expect.poll(found).toBeDefined();
  return found();
}

const rows = JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id, email: `u${id}@example.org` })));
const half = rows.slice(0, rows.length / 2);
const json = "application/json";
const later = (what: () => void) => setTimeout(what, 400);

/** HTTP/2 by hand: Node's own server ends a stream before it resets it. */
function resetting(code: number): Server {
  const frame = (type: number, flags: number, stream: number, payload: Buffer) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
  return createTcp((socket) => {
    socket.on("error", () => {});
    socket.write(frame(4, 0, 0, Buffer.alloc(0)));
    socket.once("data", () => {
      socket.write(frame(4, 1, 0, Buffer.alloc(0)));
      // `:status: 200` and `content-type`, both from HPACK's static table.
      const headers = Buffer.concat([Buffer.from([0x88, 0x0f, 0x10, json.length]), Buffer.from(json)]);
      socket.write(Buffer.concat([frame(1, 4, 1, headers), frame(0, 0, 1, Buffer.from(half))]));
      const reason = Buffer.alloc(4);
      reason.writeUInt32BE(code);
      later(() => socket.write(frame(3, 0, 1, reason)));
    });
  });
}

/** Targets that begin an answer and do not end it. */
const targets: Readonly<Record<string, { readonly server: () => Server; readonly target?: Record<string, unknown> }>> =
  {
    "a chunked answer over a connection that ends": {
      server: () =>
        createServer((_request, response) => {
          response.writeHead(200, { "content-type": json });
          response.write(half);
          later(() => response.socket?.end());
        }),
    },
    "a connection that is reset": {
      server: () =>
        createServer((_request, response) => {
          response.writeHead(200, { "content-type": json });
          response.write(half);
          later(() => response.socket?.resetAndDestroy());
        }),
    },
    "less than its length": {
      server: () =>
        createTcp((socket) => {
          socket.on("error", () => {});
          socket.once("data", () => {
            socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${json}\r\nContent-Length: ${rows.length}\r\n\r\n${half}`);
            later(() => socket.end());
          });
        }),
    },
    "chunks that are none": {
      server: () =>
        createTcp((socket) => {
          socket.on("error", () => {});
          socket.once("data", () => {
            socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${json}\r\nTransfer-Encoding: chunked\r\n\r\n`);
            socket.write(`${half.length.toString(16)}\r\n${half}\r\n`);
            later(() => socket.write("what is this?\r\n"));
          });
        }),
    },
    "a stream of HTTP/2 that is reset": {
      target: { http2: "prior-knowledge" },
      server: () => resetting(constants.NGHTTP2_INTERNAL_ERROR),
    },
    "a stream of HTTP/2 that is cancelled, as if nothing were wrong": {
      target: { http2: "prior-knowledge" },
      server: () => resetting(constants.NGHTTP2_CANCEL),
    },
    "a connection of HTTP/2 that is gone": {
      target: { http2: "prior-knowledge" },
      server: () =>
        createHttp2Server().on("stream", (stream) => {
          stream.on("error", () => {});
          stream.respond({ ":status": 200, "content-type": json });
          stream.write(half);
          later(() => stream.session?.destroy());
        }),
    },
  };

const masks: MaskPlan = {
  ...{ columns: new Map(), proven: new Set(), others: null, text: null, copy: null },
  fields: [{ rule: "r", pattern: "*.*.email", mask: { method: "partial", as: "email" } }],
};

describe.each(Object.entries(targets))("a target that sends %s", (_what, { server, target }) => {
  for (const [name, options] of [
    ["as it is", {}],
    ["masked", { masks }],
  ] as const)
    test.each([
      ["HTTP/1.1", []],
      ["HTTP/2", ["--http2-prior-knowledge"]],
    ])(`is recorded as failed, ${name}, and a client of %s sees that it is not whole`, async (_version, flags) => {
      const port = await listening(server());
      const lane = await lanes({ targetPort: port, ...(target ? { target } : {}), ...options });
      const { code, out } = await curl(lane.port, ...flags, "http://site.hoop/rows");
      expect(code).not.toBe(0);
      expect(out.length).toBeLessThan(rows.length);
      const note = await finished(lane);
      expect(note).toMatchObject({ outcome: "error", tag: "200", error: { code: "unavailable" } });
      expect(note).toMatchObject({ bytes: half.length, error: { text: "the target broke off its answer" } });
    });
});

test("a client that leaves in the middle is still the one who cancelled", async () => {
  const port = await listening(
    createServer((_request, response) => {
      response.writeHead(200, { "content-type": json });
      response.write("[1");
      const more = setInterval(() => response.write(`,{"email":"u@example.org"}`.repeat(100)), 20);
      response.once("close", () => clearInterval(more));
    }),
  );
  for (const options of [{}, { masks }]) {
    const lane = await lanes({ targetPort: port, ...options });
    expect((await curl(lane.port, "--max-time", "3", "http://site.hoop/rows")).code).toBe(28);
    const note = await finished(lane);
    expect(note).toMatchObject({ outcome: "cancelled" });
    expect(note).not.toHaveProperty("error");
  }
});

test("an answer that is whole is whole, also when its connection ends with it", async () => {
  const port = await listening(
    createTcp((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nContent-Type: ${json}\r\n\r\n${rows}`));
    }),
  );
  const lane = await lanes({ targetPort: port });
  expect(await curl(lane.port, "http://site.hoop/rows")).toEqual({ code: 0, out: rows });
  expect(await finished(lane)).toMatchObject({ outcome: "ok", bytes: rows.length });
});

test("a WebSocket whose target is gone has failed; one that is closed in words has not", async () => {
  for (const [ends, expected] of [
    [(socket: WebSocket) => (socket as unknown as { _socket: Socket })._socket.resetAndDestroy(), "error"],
    [(socket: WebSocket) => socket.close(1000, "bye"), "ok"],
  ] as const) {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket) => {
      socket.on("error", () => {});
      socket.on("message", () => ends(socket));
    });
    const lane = await lanes({ targetPort: await listening(server) });
    const client = new WebSocket(`ws://127.0.0.1:${lane.port}/`, { headers: { host: "site.hoop" } });
    client.on("error", () => {});
    await once(client, "open");
    client.send("go");
    await once(client, "close");
    expect(await finished(lane)).toMatchObject({ outcome: expected, tag: "101" });
  }
});
