import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { handOver } from "../../src/transport/hand-over.js";
import { createMemoryPipes } from "../../src/transport/memory/index.js";
import type { Pipe, PipeSink } from "../../src/transport/pipe.js";
import { pipeCompliance } from "../../src/transport/pipe-compliance.js";
import { tcpPipe } from "../../src/transport/tcp/index.js";
import { pipeDuplex } from "../../src/transport/tls/pipe-duplex.js";
import { type SecureClientOptions, securePipe } from "../../src/transport/tls/secure-pipe.js";
import { createTestAuthority, type TestAuthority } from "./authority.js";

let authority: TestAuthority;
let server: { key: string; chain: string };

beforeAll(async () => {
  authority = await createTestAuthority("ours");
  server = await authority.issue(["pg-prod.hoop", "127.0.0.1"]);
});

const client = (over: Partial<SecureClientOptions> = {}): SecureClientOptions => ({
  role: "client",
  mode: "verify-full",
  serverName: "pg-prod.hoop",
  ca: authority.ca,
  head: null,
  alpn: [],
  ...over,
});

async function openTls(reverse = false) {
  const [x, y] = createMemoryPipes();
  const [a, b] = await Promise.all([
    securePipe(x, client()),
    securePipe(y, { role: "server", ...server, head: null, alpn: [] }),
  ]);
  const close = () => {
    x.abort({ code: "cancelled", text: "test over" });
    y.abort({ code: "cancelled", text: "test over" });
  };
  return reverse ? { a: b.pipe, b: a.pipe, close } : { a: a.pipe, b: b.pipe, close };
}

const options = { carriesReason: { fromA: false, fromB: false }, maxUnderWay: 4 * 1024 * 1024 };
pipeCompliance("TLS over a pipe, from the client", { open: () => openTls(), ...options });
pipeCompliance("TLS over a pipe, from the server", { open: () => openTls(true), ...options });

async function attempt(over: Partial<SecureClientOptions>, alpn: readonly string[] = []) {
  const [x, y] = createMemoryPipes();
  const [c, s] = await Promise.allSettled([
    securePipe(x, client(over)),
    securePipe(y, { role: "server", ...server, head: null, alpn }),
  ]);
  x.abort({ code: "cancelled", text: "test over" });
  y.abort({ code: "cancelled", text: "test over" });
  return { client: c, server: s };
}

describe("the modes of libpq", () => {
  it("verify-full accepts the right name and says so", async () => {
    const { client } = await attempt({});
    expect(client).toMatchObject({ status: "fulfilled", value: { info: { verified: true, alpn: null } } });
    expect((client as { value: { info: { peerCertificate: Buffer } } }).value.info.peerCertificate[0]).toBe(0x30);
  });

  it("verify-full accepts an address that the certificate names", async () => {
    expect((await attempt({ serverName: "127.0.0.1" })).client.status).toBe("fulfilled");
  });

  it("verify-full refuses another name", async () => {
    const { client } = await attempt({ serverName: "other.hoop" });
    expect(client).toMatchObject({ status: "rejected", reason: { code: "denied" } });
  });

  it("verify-full refuses another authority", async () => {
    const other = await createTestAuthority("theirs");
    expect((await attempt({ ca: other.ca })).client).toMatchObject({ status: "rejected", reason: { code: "denied" } });
  });

  it("verify-ca accepts another name and refuses another authority", async () => {
    const other = await createTestAuthority("theirs");
    expect((await attempt({ mode: "verify-ca", serverName: "other.hoop" })).client).toMatchObject({
      status: "fulfilled",
      value: { info: { verified: true } },
    });
    expect((await attempt({ mode: "verify-ca", ca: other.ca })).client).toMatchObject({ reason: { code: "denied" } });
  });

  it("require accepts anything and never says verified", async () => {
    const other = await createTestAuthority("theirs");
    const { client } = await attempt({ mode: "require", serverName: "other.hoop", ca: other.ca });
    expect(client).toMatchObject({ status: "fulfilled", value: { info: { verified: false } } });
  });

  it("agree on ALPN", async () => {
    const { client, server } = await attempt({ alpn: ["postgresql"] }, ["postgresql"]);
    expect(client).toMatchObject({ value: { info: { alpn: "postgresql" } } });
    expect(server).toMatchObject({ value: { info: { alpn: "postgresql" } } });
  });
});

describe("a handshake", () => {
  it("that is not TLS is malformed", async () => {
    const [x, y] = createMemoryPipes();
    x.start({ data() {}, end() {}, drain() {}, closed() {} });
    x.write(Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    await expect(securePipe(y, { role: "server", ...server, head: null, alpn: [] })).rejects.toMatchObject({
      code: "malformed",
    });
  });

  it("that does not come is timed out, and its pipe aborted", async () => {
    const [x, y] = createMemoryPipes();
    const closed = new Promise((resolve) => x.start({ data() {}, end() {}, drain() {}, closed: resolve }));
    await expect(
      securePipe(y, { role: "server", ...server, head: null, alpn: [], timeoutMs: 30 }),
    ).rejects.toMatchObject({
      code: "timeout",
    });
    expect(await closed).toMatchObject({ code: "timeout" });
  });

  it("carries on what aborted the pipe", async () => {
    const [x, y] = createMemoryPipes();
    const secured = securePipe(y, { role: "server", ...server, head: null, alpn: [] });
    x.abort({ code: "denied", text: "session was killed" });
    await expect(secured).rejects.toMatchObject({ code: "denied", message: "session was killed" });
  });

  it("takes over a running pipe with the bytes that were read too far", async () => {
    const [x, y] = createMemoryPipes();
    // The server reads the question, and perhaps more, before it knows that TLS follows.
    let sink: PipeSink;
    const upgraded = new Promise<{ pipe: Pipe }>((resolve, reject) => {
      sink = {
        data: (chunk) => {
          y.write(Buffer.from("S"));
          const { pipe, forward } = handOver(y);
          sink = forward;
          securePipe(pipe, { role: "server", ...server, head: chunk.subarray(8), alpn: [] }).then(resolve, reject);
        },
        end() {},
        drain() {},
        closed() {},
      };
      y.start({
        data: (chunk) => sink.data(chunk),
        end: () => sink.end(),
        drain: () => sink.drain(),
        closed: (abort) => sink.closed(abort),
      });
    });
    const duplex = pipeDuplex(x);
    duplex.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    expect(String((await once(duplex, "data"))[0])).toBe("S");
    const tls = connectTls({ socket: duplex, ca: authority.ca, servername: "pg-prod.hoop" });
    await once(tls, "secureConnect");
    const { pipe } = await upgraded;
    pipe.start({ data: (chunk) => pipe.write(chunk), end: () => pipe.end(), drain() {}, closed() {} });
    tls.write("hello");
    expect(String((await once(tls, "data"))[0])).toBe("hello");
    tls.destroy();
  });

  it("works when the whole first flight was read before", async () => {
    const [x, y] = createMemoryPipes();
    const secured = securePipe(x, client());
    const head = await new Promise<Buffer>((resolve) => {
      let sink: PipeSink = {
        data: (chunk) => {
          const { pipe, forward } = handOver(y);
          sink = forward;
          resolve(chunk);
          securePipe(pipe, { role: "server", ...server, head: chunk, alpn: [] }).catch(() => {});
        },
        end() {},
        drain() {},
        closed() {},
      };
      y.start({
        data: (chunk) => sink.data(chunk),
        end: () => sink.end(),
        drain: () => sink.drain(),
        closed: (abort) => sink.closed(abort),
      });
    });
    expect(head[0]).toBe(0x16);
    const { pipe, info } = await secured;
    expect(info.verified).toBe(true);
    pipe.abort({ code: "cancelled", text: "test over" });
  });

  it("serves a client of another make over TCP", async () => {
    const listener = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(listener, "listening");
    const accepted = once(listener, "connection") as Promise<[Socket]>;
    const tls = connectTls({ port: (listener.address() as AddressInfo).port, ca: authority.ca, host: "127.0.0.1" });
    const [socket] = await accepted;
    const { pipe } = await securePipe(tcpPipe(socket, "tcp"), { role: "server", ...server, head: null, alpn: [] });
    const closed = new Promise((resolve) =>
      pipe.start({ data: (chunk) => pipe.write(chunk), end: () => pipe.end(), drain() {}, closed: resolve }),
    );
    tls.end("last words");
    expect(String((await once(tls, "data"))[0])).toBe("last words");
    expect(await closed).toBeNull();
    listener.close();
  });
});
