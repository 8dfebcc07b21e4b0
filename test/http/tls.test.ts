import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { http } from "../../src/protocols/http/index.js";
import { type Lanes, startLanes } from "../support/lanes.js";

let lanes: Lanes;
let ca: string;
const folder = mkdtempSync(join(tmpdir(), "hoop-http-tls-"));
const site = createServer((request, response) => {
  request.resume();
  request.once("end", () => response.end(`hello ${request.method} ${request.headers["x-forwarded-proto"]}`));
});

beforeAll(async () => {
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  const openssl = spawn("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"],
    ...["-subj", "/CN=site.hoop", "-addext", "subjectAltName=DNS:site.hoop"],
    ...["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")],
  ]);
  expect((await once(openssl, "close"))[0]).toBe(0);
  ca = readFileSync(join(folder, "cert.pem"), "utf8");
  lanes = await startLanes(http, {
    targetPort: (site.address() as AddressInfo).port,
    certificate: {
      key: readFileSync(join(folder, "key.pem"), "utf8"),
      chain: ca,
    },
  });
});
afterAll(async () => {
  await lanes?.close();
  site.close();
  rmSync(folder, { recursive: true, force: true });
});

async function curl(...args: string[]): Promise<{ out: string; err: string }> {
  const name = `site.hoop::127.0.0.1:${lanes.port}`;
  const child = spawn("curl", ["-sS", "-m", "60", "--cacert", join(folder, "cert.pem"), "--connect-to", name, ...args]);
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  await once(child, "close");
  return { out, err };
}

test.each(["--http1.1", "--http2"])("TLS to the lane, %s", async (version) => {
  expect(await curl(version, "https://site.hoop/x")).toEqual({ out: "hello GET https", err: "" });
  const body = join(folder, "body");
  writeFileSync(body, Buffer.alloc(3_000_000, 65));
  expect(await curl(version, "--data-binary", `@${body}`, "https://site.hoop/x")).toEqual({
    out: "hello POST https",
    err: "",
  });
});

const uncaught: unknown[] = [];
const note = (error: unknown) => void uncaught.push(error);

/** Whatever one client does, the process that serves all others must not see it as an error of nobody's. */
async function withoutUncaught(work: () => Promise<void>): Promise<void> {
  uncaught.length = 0;
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
  try {
    await work();
    await new Promise((resolve) => setTimeout(resolve, 100));
  } finally {
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
  }
  expect(uncaught).toEqual([]);
}

test("clients that vanish at any byte of a TLS handshake or of what follows end themselves only", async () => {
  await withoutUncaught(async () => {
    for (const http2 of [false, true]) for (let bytes = 1; bytes < 2_000; bytes += 97) await vanishAfter(bytes, http2);
  });
  expect((await curl("--http2", "https://site.hoop/x")).out).toBe("hello GET https");
});

test("clients of HTTP/2 over TLS that vanish in the middle of an upload end themselves only", async () => {
  await withoutUncaught(async () => {
    for (let turn = 0; turn < 30; turn++) {
      const names = { servername: "site.hoop", ca, ALPNProtocols: ["h2"] };
      const socket = connectTls({ host: "127.0.0.1", port: lanes.port, ...names });
      socket.on("error", () => {});
      const session = connectHttp2("https://site.hoop", { createConnection: () => socket });
      session.on("error", () => {});
      const stream = session.request({ ":method": "POST", ":path": "/x", ":authority": "site.hoop" });
      stream.on("error", () => {});
      stream.write(Buffer.alloc(700_000, 65));
      await new Promise((resolve) => setTimeout(resolve, turn % 12));
      socket.destroy();
      session.destroy();
    }
  });
  expect((await curl("--http2", "https://site.hoop/x")).out).toBe("hello GET https");
});

/** A handshake and a request through a relay that resets the lane's socket after that many bytes of the client's. */
async function vanishAfter(bytes: number, http2: boolean): Promise<void> {
  const relay = createTcpServer((client) => {
    const lane = connectTcp(lanes.port, "127.0.0.1");
    let left = bytes;
    const end = () => {
      lane.resetAndDestroy();
      client.destroy();
    };
    client.on("data", (chunk) => {
      lane.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) setImmediate(end);
    });
    lane.pipe(client);
    for (const socket of [client, lane]) socket.on("error", () => {});
    client.on("close", () => lane.destroy());
    lane.on("close", () => client.destroy());
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const { port } = relay.address() as AddressInfo;
  const protocols = http2 ? ["h2"] : ["http/1.1"];
  const socket = connectTls({ host: "127.0.0.1", port, servername: "site.hoop", ca, ALPNProtocols: protocols });
  socket.on("error", () => {});
  socket.on("secureConnect", () =>
    socket.write(`GET /x HTTP/1.1\r\nHost: site.hoop\r\nX-Long: ${"x".repeat(1_500)}\r\n\r\n`),
  );
  const late = setTimeout(() => socket.destroy(), 5_000);
  await new Promise((resolve) => socket.once("close", resolve));
  clearTimeout(late);
  await new Promise((resolve) => relay.close(resolve));
}
