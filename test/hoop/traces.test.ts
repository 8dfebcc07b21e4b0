import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningHoop, startHoop } from "../support/hoop.js";

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string }[];
}
const spans: Span[] = [];
const seen: (string | undefined)[] = [];
let collector: Server;
let site: Server;
let hoop: RunningHoop;

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  collector = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
    spans.push(...resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)));
    response.end("{}");
  });
  site = createServer((request, response) => {
    seen.push(request.headers.traceparent as string | undefined);
    response.end("hello");
  });
  const endpoint = `http://127.0.0.1:${await listening(collector)}`;
  const sitePort = await listening(site);
  hoop = await startHoop({
    target: { host: "127.0.0.1", port: 1, user: "nobody", password: "unused", database: "none" },
    agent: false,
    // New traces are not kept: what arrives belongs to somebody's.
    gateway: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: "0" },
  });
  await hoop.hoop("admin", [
    ...["connections", "add", "site", "--protocol", "http", "--host", "127.0.0.1", "--port", String(sitePort)],
    ...["--agent", "none"],
  ]);
}, 120_000);

afterAll(async () => {
  await hoop?.stop();
  for (const server of [collector, site]) {
    server?.closeAllConnections();
    server?.close();
  }
}, 60_000);

test("an HTTP request is a part of its caller's trace", async () => {
  const { host, port } = await hoop.place("site");
  const curl = (traceparent: string, ...flags: string[]) =>
    promisify(execFile)("curl", [
      ...["-sS", "--fail", ...flags, "-H", `traceparent: ${traceparent}`],
      ...["--connect-to", `site.hoop:80:${host}:${port}`, "http://site.hoop/"],
    ]);
  const parent = (trace: string) => `00-${trace.repeat(32)}-${trace.repeat(16)}-01`;
  await curl(parent("a"));
  await curl(parent("b"), "--http2-prior-knowledge");
  // Said twice it is nobody's.
  await curl(parent("c"), "-H", `traceparent: ${parent("d")}`);
  await curl(parent("E"));
  await curl(parent("f").replace(/01$/, "00"));
  expect(seen.slice(0, 2)).toEqual([parent("a"), parent("b")]);
  // Stopping sends what is left.
  await hoop.gateway.stop();
  expect(spans.map(({ name, traceId, parentSpanId }) => [name, traceId, parentSpanId])).toEqual([
    ["statement statement", "a".repeat(32), "a".repeat(16)],
    ["statement statement", "b".repeat(32), "b".repeat(16)],
  ]);
  expect(spans.every(({ links }) => links?.length === 1)).toBe(true);
}, 60_000);
