import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { TransportError } from "../error.js";
import { pipeCompliance } from "../pipe-compliance.js";
import { connectTcp } from "./connect-tcp.js";
import { tcpPipe } from "./tcp-pipe.js";

async function listen(host = "127.0.0.1") {
  const server = createServer({ allowHalfOpen: true }).listen(0, host);
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

pipeCompliance("a TCP pipe", {
  open: async () => {
    const { server, port } = await listen();
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const a = await connectTcp({ host: "127.0.0.1", port });
    const b = tcpPipe((await accepted)[0], "accepted");
    return {
      a,
      b,
      close: () => {
        a.abort({ code: "cancelled", text: "test over" });
        b.abort({ code: "cancelled", text: "test over" });
        server.close();
      },
    };
  },
  carriesReason: { fromA: false, fromB: false },
  // The kernel's own buffers on both ends grow to several megabytes.
  maxUnderWay: 16 * 1024 * 1024,
});

describe("connectTcp", () => {
  it("says that a port refuses", async () => {
    const { server, port } = await listen();
    server.close();
    await once(server, "close");
    await expect(connectTcp({ host: "127.0.0.1", port })).rejects.toMatchObject({
      code: "unavailable",
      message: `127.0.0.1:${port} refused the connection`,
    } satisfies Partial<TransportError>);
  });

  it("stops on its signal", async () => {
    const signal = AbortSignal.abort();
    await expect(connectTcp({ host: "127.0.0.1", port: 9, signal })).rejects.toMatchObject({ code: "cancelled" });
  });

  it("dials IPv6 literals", async () => {
    const { server, port } = await listen("::1");
    server.on("connection", (socket) => socket.on("error", () => {}));
    const pipe = await connectTcp({ host: "::1", port });
    expect(pipe.label).toBe(`tcp [::1]:${port}`);
    pipe.abort({ code: "cancelled", text: "test over" });
    server.close();
  });

  it("tells a reset from an end", async () => {
    const { server, port } = await listen();
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const pipe = await connectTcp({ host: "127.0.0.1", port });
    const closed = new Promise((resolve) => pipe.start({ data() {}, end() {}, drain() {}, closed: resolve }));
    (await accepted)[0].resetAndDestroy();
    expect(await closed).toMatchObject({ code: "unavailable" });
    server.close();
  });
});
