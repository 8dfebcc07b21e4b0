import { createHash } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import zlib from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { Buffered, bufferedBytes } from "../../src/protocols/http/buffered.js";
import { http } from "../../src/protocols/http/index.js";
import { detectorGroups, type MaskPlan } from "../../src/vocabulary/index.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const nothing: MaskPlan = { columns: new Map(), proven: new Set(), others: null, text: null, copy: null };
const byName: MaskPlan = {
  ...nothing,
  fields: [{ rule: "r", pattern: "*.*.email", mask: { method: "partial", as: "email" } }],
};
const byValue: MaskPlan = {
  ...nothing,
  scan: {
    alone: true,
    rules: [
      { rule: "s", detect: detectorGroups.all, patterns: [], mask: { method: "redact" }, keys: false, bytes: false },
    ],
  },
};

async function lanesTo(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  options: Partial<LaneOptions>,
): Promise<Lanes> {
  const server = createServer(handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const lanes = await startLanes(http, { targetPort: (server.address() as AddressInfo).port, ...options });
  cleanups.push(
    () => lanes.close(),
    () => {
      server.closeAllConnections();
      server.close();
    },
  );
  return lanes;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** The answer broke off. */
  readonly cut: boolean;
}

async function ask(
  lanes: Lanes,
  path = "/things",
  more: Parameters<typeof request>[2] | object = {},
  body = "",
): Promise<Got> {
  const sent: ClientRequest = request({
    host: "127.0.0.1",
    port: lanes.port,
    path,
    agent: false,
    ...more,
    headers: { host: "site.hoop", ...(more as { headers?: object }).headers },
  });
  // An answer that came before the whole request may end its connection.
  sent.on("error", () => {});
  sent.end(body);
  const [answer] = (await once(sent, "response", { signal: AbortSignal.timeout(15_000) })) as [IncomingMessage];
  const parts: Buffer[] = [];
  let cut = false;
  try {
    for await (const part of answer) parts.push(part as Buffer);
  } catch {
    cut = true;
  }
  return { status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(parts).toString(), cut };
}

const people = '{"people":[{"email":"jane@example.com","n":1}]}';
const masked = '{"people":[{"email":"j***@e***.com","n":1}]}';

test.each([
  ["identity", (text: string) => Buffer.from(text)],
  ["gzip", zlib.gzipSync],
  ["br", zlib.brotliCompressSync],
  ["deflate", zlib.deflateSync],
  ["gzip, br", (text: string) => zlib.brotliCompressSync(zlib.gzipSync(text))],
] as const)("JSON in %s is masked, with its right length and without the target's tag", async (coding, encode) => {
  const lanes = await lanesTo(
    (_request, response) => {
      const body = encode(people);
      response.writeHead(200, {
        "content-type": "application/json; charset=utf-8",
        ...(coding === "identity" ? {} : { "content-encoding": coding }),
        "content-length": body.length,
        etag: '"1"',
        "accept-ranges": "bytes",
      });
      response.end(body);
    },
    { masks: byName },
  );
  const got = await ask(lanes, "/x", { headers: { "accept-encoding": "gzip, br, deflate", range: "bytes=0-3" } });
  expect(got).toMatchObject({ status: 200, body: masked, cut: false });
  expect(got.headers["content-length"]).toBe(String(masked.length));
  for (const name of ["etag", "accept-ranges", "content-encoding"]) expect(got.headers[name]).toBeUndefined();
  await expect.poll(() => lanes.notes.at(-1)).toMatchObject({ kind: "finished", maskedCells: 1 });
});

test.each([
  ["application/problem+json", '{"email":"jane@example.com"}', '{"email":"j***@e***.com"}'],
  ["application/x-ndjson", '{"email":"jane@example.com"}\n{"a":1}\n', '{"email":"j***@e***.com"}\n{"a":1}\n'],
  [
    "text/csv",
    'id;"email"\r\n1;jane@example.com\r\n2;"joe@example.com"\r\n',
    'id;"email"\r\n1;j***@e***.com\r\n2;"j***@e***.com"\r\n',
  ],
  ["application/x-www-form-urlencoded", "a=1&user[email]=jane%40example.com", "a=1&user[email]=j***%40e***.com"],
  ["text/event-stream", 'id: 1\ndata: {"email":"jane@example.com"}\n\n', 'id: 1\ndata: {"email":"j***@e***.com"}\n\n'],
  ["text/plain", ' {"email":"jane@example.com"}', ' {"email":"j***@e***.com"}'],
  ["text/html", "<p>jane@example.com</p>", "<p>jane@example.com</p>"],
])("%s under a mask by name", async (type, before, after) => {
  const lanes = await lanesTo(
    (_request, response) => {
      response.writeHead(200, { "content-type": type });
      // One byte a chunk: what is masked lies across them.
      for (const byte of Buffer.from(before)) response.write(Buffer.of(byte));
      response.end();
    },
    { masks: byName },
  );
  expect(await ask(lanes)).toMatchObject({ status: 200, body: after, cut: false });
});

test.each([
  ["application/grpc-web", {}, "kind"],
  ["application/octet-stream", {}, "kind"],
  ["application/xml", {}, "not told apart"],
  ["application/json", { "content-encoding": "compress" }, "coding"],
  ["application/json; charset=utf-16", {}, "utf-16"],
  ["application/javascript", {}, "script"],
  ["image/png", {}, "kind"],
  ["", {}, "kind"],
] as const)("an answer of %j %j is refused, not passed", async (type, headers, why) => {
  const lanes = await lanesTo(
    (_request, response) => {
      response.writeHead(200, { ...(type === "" ? {} : { "content-type": type }), ...headers });
      response.end(`cb({"email":"jane@example.com"})`);
    },
    { masks: byName },
  );
  const got = await ask(lanes);
  expect(got.status).toBe(403);
  expect(got.body).toContain(why);
  expect(got.body).not.toContain("jane");
});

test("what turns out to be no JSON is refused while it can be, and cut off later", async () => {
  const long = `[${'"x",'.repeat(60_000)}`;
  const lanes = await lanesTo(
    (request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(`${request.url === "/long" ? long : ""}{email: "jane@example.com"}`);
    },
    { masks: byName },
  );
  expect(await ask(lanes)).toMatchObject({ status: 502, body: expect.stringContaining("no JSON") });
  const cut = await ask(lanes, "/long");
  expect(cut).toMatchObject({ status: 200, cut: true });
  expect(cut.body).not.toContain("jane");
});

test("values are found in any text, and named secrets in JSON", async () => {
  const lanes = await lanesTo(
    (request, response) => {
      const isJson = request.url === "/json";
      response.writeHead(200, { "content-type": isJson ? "application/json" : "text/html" });
      response.end(isJson ? '{"password":"hunter22","card":4111111111111111}' : "<b>jane@example.com</b>\n");
    },
    { masks: byValue },
  );
  expect((await ask(lanes)).body).toBe("<b>***</b>\n");
  expect((await ask(lanes, "/json")).body).toBe('{"password":"***","card":"***"}');
  await expect.poll(() => lanes.notes.at(-1)).toMatchObject({ detected: { card: 1, secret: 1 } });
});

test("a bomb ends at its bound", async () => {
  const bomb = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20), { level: 9 });
  const lanes = await lanesTo(
    (_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
      response.end(bomb);
    },
    { masks: byName },
  );
  const got = await ask(lanes);
  expect(got.cut || got.status === 502).toBe(true);
  expect(got.body.length).toBeLessThan(16 * 1024 * 1024);
});

test("the secret's echo is taken out of a body without a change of its length", async () => {
  const lanes = await lanesTo(
    (request, response) => {
      const text = `you said ${request.headers.authorization}!`;
      response.writeHead(200, { "content-type": "text/plain", "content-length": text.length });
      for (const character of text) response.write(character);
      response.end();
    },
    { target: { auth: { kind: "bearer" } }, secret: "s3cr3t-token" },
  );
  expect(await ask(lanes)).toMatchObject({ status: 200, body: `you said Bearer ${"*".repeat(12)}!` });
});

test("nothing that becomes another protocol, and no gRPC, where values are masked", async () => {
  const lanes = await lanesTo((_request, response) => response.end(), { masks: byName });
  const upgrade = await ask(lanes, "/ws", { headers: { connection: "Upgrade", upgrade: "websocket" } });
  expect(upgrade).toMatchObject({ status: 403, body: expect.stringContaining("would become") });
  const grpc = await ask(lanes, "/a/b", { method: "POST", headers: { "content-type": "application/grpc" } }, "x");
  expect(grpc).toMatchObject({ status: 403, body: expect.stringContaining("gRPC") });
});

test("rules see bodies where they look at them, and what was judged is what is sent", async () => {
  let sent = "";
  const lanes = await lanesTo(
    async (request, response) => {
      sent = "";
      for await (const part of request) sent += part;
      response.end("ok");
    },
    {
      needs: ["attribute:body", "attribute:header"],
      decide: ({ analysis }) =>
        (analysis!.attributes.body as string[] | undefined)?.includes("user.role=admin") ? "no admins" : "allow",
    },
  );
  const post = (type: string, body: string) =>
    ask(lanes, "/users", { method: "POST", headers: { "content-type": type, "x-tenant": "acme" } }, body);
  expect((await post("application/json", '{"user":{"role":"admin"}}')).status).toBe(403);
  expect((await post("application/x-www-form-urlencoded", "user[role]=admin")).status).toBe(403);
  expect((await post("application/json", '{"user":{"role":"dev"}}')).status).toBe(200);
  expect(sent).toBe('{"user":{"role":"dev"}}');
  expect(lanes.asks.at(-1)!.analysis!.attributes).toMatchObject({ header: expect.arrayContaining(["x-tenant: acme"]) });
  // Servers differ in which of the two counts: what the rules cannot be sure of has an unknown effect.
  await post("application/json", '{"user":{"role":"dev","role":"x"}}');
  expect(lanes.asks.at(-1)!.analysis).toMatchObject({ effects: ["write", "unknown"] });
  await post("application/xml", "<role>admin</role>");
  expect(lanes.asks.at(-1)!.analysis).toMatchObject({ effects: ["write", "unknown"] });
});

test("bodies that are held to be looked at have one bound together, and are let go however a request ends", async () => {
  const lanes = await lanesTo(
    (request, response) => {
      request.resume();
      response.end("ok");
    },
    { needs: ["attribute:body"] },
  );
  const post = { method: "POST", headers: { "content-type": "application/json" } };
  const fills = new Buffered();
  fills.take(256 * 1024 * 1024 - 1_000);
  try {
    expect((await ask(lanes, "/", post, JSON.stringify({ a: "x".repeat(900) }))).status).toBe(200);
    const refused = await ask(lanes, "/", post, JSON.stringify({ a: "x".repeat(2_000) }));
    expect(refused).toMatchObject({ status: 503, body: expect.stringContaining("try again") });
  } finally {
    fills.release();
  }
  const socket = connect(lanes.port, "127.0.0.1");
  socket.write('POST / HTTP/1.1\r\nHost: site.hoop\r\nContent-Length: 100\r\n\r\n{"half":');
  await expect.poll(bufferedBytes).toBeGreaterThan(0);
  socket.destroy();
  await expect.poll(bufferedBytes).toBe(0);
});

test.each([
  ["{ me { id } }", { effects: ["read"], attributes: { graphqlType: ["query"], graphqlField: ["me"] } }],
  [
    'mutation Drop { a: dropAll(x: "}") { ok } }',
    { effects: ["write"], attributes: { graphqlField: ["dropAll"], graphqlOperation: ["Drop"] } },
  ],
  [
    "query A { ...F } fragment F on Query { users { id } }",
    { effects: ["read"], attributes: { graphqlField: ["users"] } },
  ],
  ["query A { a } mutation B { b }", { effects: ["unknown"] }],
  ["{ me", { effects: ["unknown"] }],
])("GraphQL %s is judged by what it asks for", async (query, expected) => {
  const lanes = await lanesTo((_request, response) => response.end("{}"), {});
  await ask(
    lanes,
    "/graphql",
    { method: "POST", headers: { "content-type": "application/json" } },
    JSON.stringify({ query }),
  );
  expect(lanes.asks.at(-1)!.analysis).toMatchObject(expected);
});

test("a GraphQL alias does not carry a value past its mask", async () => {
  const lanes = await lanesTo((_request, response) => response.end("{}"), { masks: byName });
  const headers = { "content-type": "application/json" };
  const got = await ask(
    lanes,
    "/graphql",
    { method: "POST", headers },
    JSON.stringify({ query: "{ me { e: email } }" }),
  );
  expect(got).toMatchObject({ status: 403, body: expect.stringContaining("aliases") });
});

test("a held request waits; one that cannot is told where it is decided, and its review stays open", async () => {
  const waiting = { for: "hold", text: "waiting for 1 approval", link: "https://hoop/reviews/r-1", id: "r-1" } as const;
  const left: (string | undefined)[] = [];
  let reached = 0;
  const open: { approve?: (word: "allow") => void } = {};
  const lanes = await lanesTo(
    (request, response) => {
      request.resume();
      reached++;
      response.end("done");
    },
    {
      needs: ["hold"],
      waits: waiting,
      withdrawn: (_id, why) => void left.push(why),
      decide: () =>
        new Promise((resolve) => {
          open.approve = resolve;
        }),
    },
  );
  const headers = { prefer: "respond-async", "content-type": "application/json" };
  const told = await ask(lanes, "/big", { method: "POST", headers }, '{"a":1}');
  expect(told.status).toBe(202);
  expect(told.headers["retry-after"]).toBe("5");
  expect(JSON.parse(told.body)).toMatchObject({ link: waiting.link, detail: waiting.text });
  expect([reached, left]).toEqual([0, ["restarted"]]);
  const digest = (at: number) => createHash("sha256").update(lanes.asks[at]!.values![0]!).digest("hex");
  const waits = ask(lanes, "/big", { method: "POST", headers: { "content-type": "application/json" } }, '{"a":1}');
  await expect.poll(() => lanes.asks.length).toBe(2);
  expect(digest(1)).toBe(digest(0));
  open.approve!("allow");
  expect(await waits).toMatchObject({ status: 200, body: "done" });
});

test("where the access is held, all requests wait for one answer", async () => {
  const open: { let?: (word: "allow") => void } = {};
  const lanes = await lanesTo((_request, response) => response.end("in"), {
    asksToConnect: true,
    decide: ({ phase }) =>
      phase === "connect"
        ? new Promise((resolve) => {
            open.let = resolve;
          })
        : "allow",
  });
  const first = ask(lanes);
  await expect.poll(() => lanes.asks.map(({ phase }) => phase)).toEqual(["connect"]);
  open.let!("allow");
  expect((await first).body).toBe("in");
});

test("Kubernetes: verbs and resources are known, and nobody says who they are but Hoop", async () => {
  let seen: IncomingMessage["rawHeaders"] = [];
  const lanes = await lanesTo(
    (request, response) => {
      seen = request.rawHeaders;
      response.end("{}");
    },
    { target: { profile: "kubernetes" } },
  );
  const facts = async (method: string, path: string) => {
    await ask(lanes, path, { method, headers: { "impersonate-user": "system:admin", "Impersonate-Extra-x": "y" } });
    const { effects, attributes } = lanes.asks.at(-1)!.analysis!;
    const { verb, resource, subresource, namespace, resourceName, apiGroup } = attributes;
    return [effects.join(), [verb, apiGroup, resource, subresource, namespace, resourceName].join("|")];
  };
  expect(await facts("GET", "/api/v1/namespaces/prod/pods")).toEqual(["read", "list||pods||prod|"]);
  expect(await facts("GET", "/apis/apps/v1/namespaces/prod/deployments/web/scale")).toEqual([
    "read",
    "get|apps|deployments|scale|prod|web",
  ]);
  expect(await facts("DELETE", "/api/v1/namespaces/prod")).toEqual(["destroy", "delete||namespaces||prod|prod"]);
  expect(await facts("POST", "/api/v1/namespaces/prod/pods/web/exec?command=sh")).toEqual([
    "execute",
    "create||pods|exec|prod|web",
  ]);
  const said = seen.filter((_, at) => /^impersonate/i.test(seen[at - (at % 2)]!));
  expect(said).toEqual(["Impersonate-User", "hoop:ada"]);
});

test("a body too large to be read first streams where nobody must look at it, and is refused where people must", async () => {
  const sums: string[] = [];
  const big = Buffer.alloc(3_000_000, "0123456789").toString();
  const options = { needs: ["hold"] };
  const target = async (request: IncomingMessage, response: ServerResponse) => {
    const hash = createHash("sha256");
    for await (const part of request) hash.update(part as Buffer);
    sums.push(hash.digest("hex"));
    response.end("ok");
  };
  const chunked = { method: "POST", headers: { "transfer-encoding": "chunked" } };
  expect(await ask(await lanesTo(target, options), "/up", chunked, big)).toMatchObject({ status: 200 });
  expect(sums).toEqual([createHash("sha256").update(big).digest("hex")]);
  const waits = { for: "hold", text: "waiting", link: "https://hoop/r", id: "r" } as const;
  const held = await lanesTo(target, { ...options, waits, decide: () => new Promise(() => {}) });
  expect(await ask(held, "/up", chunked, big)).toMatchObject({
    status: 403,
    body: expect.stringContaining("too large"),
  });
  expect(sums).toHaveLength(1);
});
