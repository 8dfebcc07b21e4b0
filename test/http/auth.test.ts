import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { http } from "../../src/protocols/http/index.js";
import { startLanes } from "../support/lanes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function certificate(folder: string, name: string): Promise<{ key: string; cert: string }> {
  const files = { key: join(folder, `${name}.key`), cert: join(folder, `${name}.pem`) };
  const openssl = spawn("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"],
    ...["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`, "-keyout", files.key, "-out", files.cert],
  ]);
  expect((await once(openssl, "close"))[0]).toBe(0);
  return { key: readFileSync(files.key, "utf8"), cert: readFileSync(files.cert, "utf8") };
}

async function ask(port: number): Promise<{ status: number; body: string }> {
  const sent = request({ host: "127.0.0.1", port, path: "/", agent: false, headers: { host: "site.hoop" } });
  sent.end();
  const [answer] = await once(sent, "response");
  let body = "";
  for await (const part of answer) body += part;
  return { status: answer.statusCode, body };
}

test("a target that asks for a certificate is shown the connection's, and nothing else opens it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hoop-mtls-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const [server, client] = [await certificate(folder, "localhost"), await certificate(folder, "hoop-client")];
  const site = createTlsServer({ ...server, requestCert: true, rejectUnauthorized: true, ca: client.cert }, (q, r) =>
    r.end(`hello ${(q.socket as TLSSocket).getPeerCertificate().subject.CN}`),
  );
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  cleanups.push(() => {
    site.closeAllConnections();
    site.close();
  });
  const shared = {
    targetPort: (site.address() as AddressInfo).port,
    tls: { mode: "verify-full", ca: server.cert } as const,
    target: { auth: { kind: "mtls" } },
    viaAgent: true,
  };
  const good = await startLanes(http, { ...shared, secret: `${client.cert}${client.key}` });
  cleanups.push(() => good.close());
  expect(await ask(good.port)).toEqual({ status: 200, body: "hello hoop-client" });
  const wrong = await startLanes(http, { ...shared, secret: "no pem" });
  cleanups.push(() => wrong.close());
  const refused = await ask(wrong.port);
  expect(refused).toMatchObject({ status: 403, body: expect.stringContaining("not the PEM") });
});

test("an exec of Kubernetes becomes SPDY, or a WebSocket, under the person's own name", async () => {
  const seen: (readonly [string, unknown, unknown])[] = [];
  const api = createServer();
  api.on("upgrade", (asked, socket) => {
    const { upgrade, "impersonate-user": user, "x-stream-protocol-version": version } = asked.headers;
    seen.push([String(upgrade), user, version]);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\nX-Stream-Protocol-Version: ${version}\r\n\r\nready`,
    );
    socket.on("data", (chunk) => socket.write(`echo ${chunk}`));
    socket.on("error", () => {});
  });
  api.listen(0, "127.0.0.1");
  await once(api, "listening");
  cleanups.push(() => {
    api.closeAllConnections();
    api.close();
  });
  const lanes = await startLanes(http, {
    targetPort: (api.address() as AddressInfo).port,
    target: { profile: "kubernetes" },
  });
  cleanups.push(() => lanes.close());
  for (const upgrade of ["SPDY/3.1", "websocket"]) {
    const socket = connect(lanes.port, "127.0.0.1");
    cleanups.push(() => socket.destroy());
    let got = "";
    socket.on("data", (chunk) => (got += chunk));
    socket.write(
      "POST /api/v1/namespaces/prod/pods/web/exec?command=sh HTTP/1.1\r\nHost: site.hoop\r\nConnection: Upgrade\r\n" +
        `Upgrade: ${upgrade}\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\nImpersonate-User: root\r\n\r\n`,
    );
    await expect.poll(() => got).toContain("ready");
    expect(got).toContain("X-Stream-Protocol-Version: v4.channel.k8s.io");
    socket.write("ls");
    await expect.poll(() => got).toContain("echo ls");
    expect(seen.at(-1)).toEqual([upgrade, "hoop:ada", "v4.channel.k8s.io"]);
    expect(lanes.asks.at(-1)!.analysis).toMatchObject({
      effects: ["execute"],
      attributes: { subresource: "exec", namespace: "prod", resourceName: "web" },
    });
  }
});
