import { execFileSync } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTls } from "node:tls";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  createExporters,
  type Exporter,
  type ExportTarget,
  exportTargetSchema,
  judgedLookup,
  type Line,
  type LineSource,
  linesWithin,
  maySendTo,
} from "../../src/exporters/index.js";
import { createExporterStore } from "../../src/storage/exporters.js";
import { migrations } from "../../src/storage/migrations/index.js";
import { openStore } from "../../src/storage/open-store.js";
import type { Store } from "../../src/storage/store.js";
import { freePort, type PostgresServer, startPostgres } from "../support/postgres.js";

let postgres: PostgresServer;
let store: Store;
let folder: string;
let cert: string;
let key: string;
const closing: (() => unknown)[] = [];
const log = { debug() {}, info() {}, warn() {}, error() {} };

/** A source of so many lines; positions are their numbers. */
function source(count: () => number, text: (n: number) => string = (n) => `line ${n}`): LineSource {
  return {
    async read(_sources, cursor, limit) {
      const from = cursor.events ?? 0;
      const lines: Line[] = [];
      for (let n = from + 1; n <= Math.min(count(), from + limit); n++)
        lines.push({
          source: "events",
          id: `e-${n}`,
          time: 1_700_000_000_000 + n,
          type: "statement.denied",
          severity: "warning",
          json: JSON.stringify({ id: `e-${n}`, text: text(n) }),
        });
      return { lines, cursor: { ...cursor, events: from + lines.length }, lost: 0 };
    },
    newest: async () => ({ events: count(), entries: {} }),
    lag: async (_sources, cursor) => count() - (cursor.events ?? 0),
  };
}

function start(from: LineSource, replica = randomUUID(), secret: string | null = null) {
  const exporters = createExporters({
    store: createExporterStore(store),
    source: from,
    secret: async () => secret,
    replica,
    log,
    lost() {},
    lookup: judgedLookup(),
    fileRoot: folder,
    hostname: "gw-1",
    now: Date.now,
    idleMs: 100,
  });
  closing.push(() => exporters.close());
  return exporters;
}

async function add(target: object): Promise<string> {
  const name = `x${randomUUID().slice(0, 8)}`;
  await createExporterStore(store).put(
    { name, sources: ["events"], target: exportTargetSchema.parse(target), enabled: true },
    { events: 0, entries: {} },
  );
  closing.push(() => createExporterStore(store).remove(name));
  return name;
}

async function until<T>(
  look: () => T | null | false | undefined | Promise<T | null | false | undefined>,
  ms = 60_000,
): Promise<T> {
  for (const end = Date.now() + ms; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it does not happen");
}

const state = (name: string): Promise<Exporter> =>
  createExporterStore(store)
    .get(name)
    .then((found) => found!);
const delivered = (name: string, count: number) => until(async () => (await state(name)).delivered >= count || null);

async function receiver(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const got: { body: string; headers: IncomingMessage["headers"] }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const bytes = Buffer.concat(chunks);
      const body = (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
      got.push({ body, headers: request.headers });
      answer(request, response, body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`, got };
}

/** RFC 5425: octet-counted messages of a stream. */
function messagesIn(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString("latin1", at, space));
    if (!(length > 0) || space + 1 + length > bytes.length) break;
    found.push(bytes.toString("utf8", space + 1, space + 1 + length));
    at = space + 1 + length;
  }
  return found;
}

beforeAll(async () => {
  postgres = await startPostgres({ version: 15, settings: {} });
  folder = mkdtempSync(join(tmpdir(), "hoop-export-"));
  store = await openStore(
    {
      databaseUrl: `postgres://${postgres.user}:${postgres.password}@${postgres.host}:${postgres.port}/${postgres.database}`,
      dataDir: join(folder, "pg"),
      poolSize: 5,
      statementTimeoutMs: 20_000,
    },
    { log, signal: new AbortController().signal },
  );
  expect(Object.keys(migrations)).toContain("0061-exporters");
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      "key.pem",
      "-out",
      "cert.pem",
      "-days",
      "2",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost",
    ],
    { cwd: folder, stdio: "pipe" },
  );
  cert = readFileSync(join(folder, "cert.pem"), "utf8");
  key = readFileSync(join(folder, "key.pem"), "utf8");
}, 180_000);

// Replicas of one test must not deliver for another's.
afterEach(async () => {
  for (const step of closing.splice(0).reverse()) await step();
});

afterAll(async () => {
  await store?.close();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("syslog over TLS: RFC 5424, octet-counted, verified; a receiver that goes away gets what it missed", async () => {
  let bytes = Buffer.alloc(0);
  const sockets = new Set<Socket>();
  const port = await freePort();
  const listen = async () => {
    const server = createTls({ key, cert }, (socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
      });
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  let server = await listen();
  let count = 3;
  start(
    source(
      () => count,
      (n) => (n === 2 ? "x".repeat(20_000) : `zeile ü ${n}\n6 <1>1 `),
    ),
  );
  const name = await add({ kind: "syslog", host: "localhost", port, ca: cert, maxMessage: 2_048 });
  await delivered(name, 3);
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, "close");
  count = 5;
  await until(async () => (await state(name)).failures > 0 || null);
  server = await listen();
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await delivered(name, 5);
  const messages = await until(() => {
    const found = messagesIn(bytes);
    return found.some((one) => one.includes('id="e-5"')) ? found : null;
  });
  expect(messages.every((one) => Buffer.byteLength(one) <= 2_048)).toBe(true);
  expect(messages[0]).toMatch(
    /^<108>1 2023-11-14T22:13:20\.001Z gw-1 hoop - statement\.denied \[hoop@32473 id="e-1" source="events"\] \ufeff\{/,
  );
  const parts = messages
    .filter((one) => one.includes('id="e-2"'))
    .map(
      (one) =>
        JSON.parse(one.slice(one.indexOf("\ufeff") + 1)) as { part: { index: number; count: number }; data: string },
    );
  const whole = parts
    .slice(0, parts[0]!.part.count)
    .map(({ data }) => data)
    .join("");
  expect(JSON.parse(whole)).toEqual({ id: "e-2", text: "x".repeat(20_000) });
  for (const id of ["e-1", "e-3", "e-4", "e-5"]) expect(messages.some((one) => one.includes(`id="${id}"`))).toBe(true);
}, 180_000);

test("a syslog receiver that nobody vouches for gets nothing", async () => {
  let got = 0;
  const server = createTls({ key, cert }, (socket) => socket.on("data", () => (got += 1)).on("error", () => {}));
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  start(source(() => 1));
  const name = await add({ kind: "syslog", host: "localhost", port: (server.address() as AddressInfo).port });
  const failed = await until(async () => ((await state(name)).failures > 0 ? state(name) : null));
  expect(failed.problem).toMatch(/SELF_SIGNED|certificate/i);
  expect([got, failed.cursor.events]).toEqual([0, 0]);
});

test("syslog over UDP: one message a datagram", async () => {
  const socket = createSocket("udp4");
  const got: string[] = [];
  socket.on("message", (bytes) => got.push(bytes.toString()));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  closing.push(() => socket.close());
  start(source(() => 2));
  await add({ kind: "syslog", transport: "udp", host: "127.0.0.1", port: socket.address().port });
  await until(() => got.length >= 2);
  expect(got[1]).toContain('id="e-2"');
});

describe("HTTP", () => {
  test("batches, packed and signed; failures are tried again with the same id; nothing is lost or reordered", async () => {
    let n = 0;
    const { url, got } = await receiver((_request, response) => {
      n += 1;
      response.writeHead(n === 2 || n === 3 ? 500 : 200).end();
    });
    const secret = `whsec_${Buffer.from("0123456789abcdef01234567").toString("base64")}`;
    start(
      source(() => 25),
      randomUUID(),
      secret,
    );
    const name = await add({ kind: "http", url, batch: 10 });
    await delivered(name, 25);
    const good = got.filter((_one, at) => at !== 1 && at !== 2);
    const ids = good.flatMap(({ body }) =>
      body
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { id: string }).id),
    );
    expect([...new Set(ids)]).toEqual(Array.from({ length: 25 }, (_one, at) => `e-${at + 1}`));
    for (const { body, headers } of got) {
      const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
      const expected = createHmac("sha256", Buffer.from("0123456789abcdef01234567")).update(signed).digest("base64");
      expect(headers["webhook-signature"]).toBe(`v1,${expected}`);
      expect(headers["content-encoding"]).toBe("gzip");
    }
    const second = got[1]!.headers["webhook-id"];
    expect(got.slice(2).some(({ headers }) => headers["webhook-id"] === second)).toBe(true);
  });

  test.each([
    [
      "redirects to a metadata service",
      (response: ServerResponse): void => {
        response.writeHead(307, { location: "http://169.254.169.254/latest/meta-data/" }).end();
      },
      /redirects are not followed/,
    ],
    ["answers 500", (response: ServerResponse): void => void response.writeHead(500).end("no"), /answered 500/],
    [
      "answers a gigabyte",
      (response: ServerResponse): void => {
        const block = Buffer.alloc(1024 * 1024);
        let sent = 0;
        const more = (): void => {
          while (sent < 1024 && !response.destroyed) {
            sent += 1;
            if (response.write(block)) continue;
            response.once("drain", more);
            return;
          }
          response.end();
        };
        response.writeHead(200);
        more();
      },
      /longer than anybody needs/,
    ],
    ["closes the connection", (response: ServerResponse): void => void response.destroy(), /cannot be reached/],
  ] as const)("a receiver that %s fails alone, with a clear word", async (_what, answer, words) => {
    const bad = await receiver((_request, response) => answer(response));
    const fine = await receiver((_request, response) => void response.end());
    start(source(() => 3));
    const failing = await add({ kind: "http", url: bad.url });
    const good = await add({ kind: "http", url: fine.url });
    await delivered(good, 3);
    const found = await until(async () => ((await state(failing)).failures > 0 ? state(failing) : null));
    expect(found.problem).toMatch(words);
    expect([found.delivered, found.cursor.events]).toEqual([0, 0]);
  });

  test("a receiver that hangs keeps nobody else waiting", async () => {
    const hanging = await receiver(() => {});
    const fine = await receiver((_request, response) => void response.end());
    start(source(() => 3));
    const stuck = await add({ kind: "http", url: hanging.url });
    await delivered(await add({ kind: "http", url: fine.url }), 3);
    expect((await state(stuck)).delivered).toBe(0);
  });

  test("metadata services are refused by address and by name", async () => {
    for (const address of [
      "169.254.169.254",
      "::ffff:169.254.169.254",
      "::ffff:a9fe:a9fe",
      "64:ff9b::a9fe:a9fe",
      "fe80::1",
      "fd00:ec2::254",
      "100.100.100.200",
      "0.0.0.0",
      "::",
      "224.0.0.1",
      "nonsense",
    ])
      expect([address, maySendTo(address)]).toEqual([address, false]);
    for (const address of ["127.0.0.1", "10.0.0.5", "::1", "2001:db8::1"])
      expect([address, maySendTo(address)]).toEqual([address, true]);
    const lookup = judgedLookup(((_host: string, _options: object, done: (error: null, found: object[]) => void) =>
      done(null, [{ address: "169.254.169.254", family: 4 }])) as never);
    const error = await new Promise((resolve) => lookup("innocent.example", {}, resolve));
    expect(String(error)).toContain("metadata service");
    start(source(() => 1));
    const name = await add({ kind: "http", url: "http://169.254.169.254/x" });
    expect((await until(async () => ((await state(name)).failures > 0 ? state(name) : null))).problem).toContain(
      "metadata service",
    );
  });
});

test("OTLP logs as JSON; what a collector refuses does not count as delivered", async () => {
  let refuse = true;
  const { url, got } = await receiver((_request, response) => {
    response.end(refuse ? '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"full"}}' : "{}");
    refuse = false;
  });
  start(
    source(
      () => 2,
      (n) => (n === 2 ? "y".repeat(40_000) : "short"),
    ),
  );
  const name = await add({ kind: "otlp", url: url.replace("/in", ""), maxBytes: 16 * 1024, gzip: true });
  await delivered(name, 2);
  type Record = {
    timeUnixNano: string;
    severityNumber: number;
    body: { stringValue: string };
    attributes: { key: string; value: { stringValue?: string; intValue?: string } }[];
  };
  const records = got
    .slice(1)
    .flatMap(
      ({ body }) =>
        (JSON.parse(body) as { resourceLogs: { scopeLogs: { logRecords: Record[] }[] }[] }).resourceLogs[0]!
          .scopeLogs[0]!.logRecords,
    );
  expect(records[0]).toMatchObject({
    timeUnixNano: "1700000000001000000",
    severityNumber: 13,
    body: { stringValue: '{"id":"e-1","text":"short"}' },
  });
  const parts = records.filter(({ attributes }) => attributes.some(({ key: name }) => name === "hoop.part.of"));
  expect(parts.length).toBeGreaterThan(2);
  expect(parts.map(({ body }) => (JSON.parse(body.stringValue) as { data: string }).data).join("")).toBe(
    JSON.stringify({ id: "e-2", text: "y".repeat(40_000) }),
  );
});

test("files: whole lines, rotated, never through a link; a half line of a crash spoils nothing", async () => {
  const at = `a${randomUUID().slice(0, 8)}`;
  let count = 40;
  const first = start(
    source(
      () => count,
      () => "z".repeat(4_000),
    ),
  );
  const name = await add({ kind: "file", path: `${at}/events.jsonl`, maxBytes: 64 * 1024, keep: 3 });
  await delivered(name, 40);
  await first.close();
  const file = join(folder, at, "events.jsonl");
  writeFileSync(file, `${readFileSync(file, "utf8")}{"half":`);
  count = 60;
  start(
    source(
      () => count,
      () => "z".repeat(4_000),
    ),
  );
  await delivered(name, 60);
  const files = readdirSync(join(folder, at));
  expect(files.length).toBeGreaterThan(1);
  const lines = files.flatMap((file) =>
    readFileSync(join(folder, at, file), "utf8")
      .trim()
      .split("\n"),
  );
  const ids = lines.flatMap((line) => {
    try {
      return [(JSON.parse(line) as { id: string }).id];
    } catch {
      return [];
    }
  });
  expect(new Set(ids).size).toBe(60);
  symlinkSync("/etc/hostname", join(folder, `${at}.jsonl`));
  const linked = await add({ kind: "file", path: `${at}.jsonl` });
  expect((await until(async () => ((await state(linked)).failures > 0 ? state(linked) : null))).problem).toContain(
    "cannot be written",
  );
  for (const path of ["../x", "/etc/x", "a/../../x", ".hidden"])
    expect(() =>
      exportTargetSchema.parse({ kind: "file", path } satisfies Partial<ExportTarget> & { path: string }),
    ).toThrow();
}, 180_000);

test("one replica at a time; another goes on when it is gone, from where it was", async () => {
  const { url, got } = await receiver((_request, response) => void response.end());
  let count = 100;
  const [one, two] = [start(source(() => count)), start(source(() => count))];
  const name = await add({ kind: "http", url, batch: 5 });
  await delivered(name, 100);
  const ids = got.flatMap(({ body }) =>
    body
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id),
  );
  expect(ids).toHaveLength(100);
  await one.close();
  count = 120;
  await delivered(name, 120);
  await two.close();
});

test("parts put together are the line, whatever is in it", () => {
  const line: Line = {
    source: "entries",
    id: "c:1",
    time: 1,
    type: "statement",
    severity: "info",
    json: JSON.stringify({ a: `"\\\u0001ü€😀\ud800`.repeat(3_000) }),
  };
  const parts = linesWithin(line, 1_024);
  expect(parts.every(({ json }) => Buffer.byteLength(json) <= 1_024)).toBe(true);
  expect(parts.map(({ json }) => (JSON.parse(json) as { data: string }).data).join("")).toBe(line.json);
  expect(parts.map(({ part }) => part!.index)).toEqual(parts.map((_one, at) => at));
});
