import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createBoundedFetch, whyNot } from "./bounded-fetch.js";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function server(handle: RequestListener): Promise<string> {
  const http = createServer(handle);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
}

test("reads what is there, with its status and headers", async () => {
  const url = await server((request, response) => {
    response
      .writeHead(201, { "x-method": request.method ?? "", "x-type": request.headers["content-type"] ?? "" })
      .end("hello");
  });
  const answer = await createBoundedFetch()(url, {
    method: "POST",
    headers: { "content-type": "text/x" },
    body: "a=b",
  });
  expect([answer.status, await answer.text()]).toEqual([201, "hello"]);
  expect([answer.headers.get("x-method"), answer.headers.get("x-type")]).toEqual(["POST", "text/x"]);
});

test("follows no redirect", async () => {
  let asked = 0;
  const other = await server((_request, response) => {
    asked++;
    response.end("secret");
  });
  const url = await server((_request, response) => response.writeHead(302, { location: other }).end());
  expect((await createBoundedFetch()(url)).status).toBe(302);
  expect(asked).toBe(0);
});

test("reads no more than it is allowed, and waits no longer", async () => {
  const endless = await server((_request, response) => {
    const timer = setInterval(() => response.write("x".repeat(10_000)), 1);
    response.on("close", () => clearInterval(timer));
  });
  await expect(createBoundedFetch({ maxBytes: 50_000 })(endless)).rejects.toMatchObject({ code: "too-large" });
  const silent = await server(() => {});
  await expect(createBoundedFetch({ timeoutMs: 100 })(silent)).rejects.toMatchObject({ code: "timeout" });
  const dripping = await server((_request, response) => {
    const timer = setInterval(() => response.write("x"), 10);
    response.on("close", () => clearInterval(timer));
  });
  await expect(createBoundedFetch({ timeoutMs: 200 })(dripping)).rejects.toMatchObject({ code: "timeout" });
});

test.each(["http://example.com/", "ftp://example.com/", "http://127.0.0.1.example.com/", "file:///etc/passwd"])(
  "asks nothing of %s",
  async (url) => {
    await expect(createBoundedFetch({ timeoutMs: 500 })(url)).rejects.toMatchObject({ code: "denied" });
  },
);

test.each([
  ["a.example", "169.254.169.254"],
  ["169.254.169.254", "169.254.169.254"],
  ["a.example", "::ffff:169.254.169.254"],
  ["a.example", "::ffff:a9fe:a9fe"],
  ["a.example", "fd00:ec2::254"],
  ["a.example", "100.100.100.200"],
  ["a.example", "fe80::1"],
  ["a.example", "0.0.0.0"],
  ["a.example", "127.0.0.1"],
  ["a.example", "::1"],
  ["a.example", "::ffff:127.0.0.1"],
])("%s at %s is no provider", (host, address) => {
  expect(whyNot(host, address)).not.toBeNull();
});

test.each([
  ["a.example", "10.1.2.3"],
  ["a.example", "2001:db8::1"],
  ["localhost", "127.0.0.1"],
  ["127.0.0.1", "127.0.0.1"],
])("%s at %s may be one", (host, address) => {
  expect(whyNot(host, address)).toBeNull();
});
