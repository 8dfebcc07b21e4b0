import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { http } from "../../src/protocols/http/index.js";
import { type Lanes, startLanes } from "../support/lanes.js";

let lanes: Lanes;
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
  const { readFileSync } = await import("node:fs");
  lanes = await startLanes(http, {
    targetPort: (site.address() as AddressInfo).port,
    certificate: {
      key: readFileSync(join(folder, "key.pem"), "utf8"),
      chain: readFileSync(join(folder, "cert.pem"), "utf8"),
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
  const child = spawn("curl", ["-sS", "-m", "8", "--cacert", join(folder, "cert.pem"), "--connect-to", name, ...args]);
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
