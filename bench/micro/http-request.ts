/**
 * What an HTTP request costs the gateway without its transport: CPU time of a small GET, from the client's chunk over parser, gate and
 * journal to the target and back. Real session, gate, default policy and journal; no socket.
 * `node scripts/run.mjs bench/micro/http-request [requests] [sessions,…] [get|post]`
 */
import { randomBytes, randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { http } from "../../src/protocols/http/index.js";
import { pump } from "../../src/relay/pump.js";
import { type Connection, connectionId, sessionId } from "../../src/vocabulary/index.js";
import { startBenchGateway, subject } from "./bench-gateway.js";
import { BarePipe } from "./pipe-ends.js";

const requests = Number(process.argv[2] ?? 45_000);
const counts = (process.argv[3] ?? "1,8,32").split(",").map(Number);
const post = process.argv[4] === "post";
/** The machine has other work: the quickest of many short rounds is what the code costs. */
const rounds = 15;

const head = "Host: site.hoop\r\nAccept: */*\r\nUser-Agent: bench/1\r\n";
const asking = Buffer.from(
  post
    ? `POST /api/things HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{"name":"one"}`
    : `GET /api/things?page=1 HTTP/1.1\r\n${head}\r\n`,
);
const tail = "the end of it";
const body = `${"hoop ".repeat(200)}${tail}`;
const answering = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nDate: Sun, 22 Nov 2026 05:58:02 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n${body}`,
);

const connection: Connection = {
  id: connectionId(randomUUID()),
  name: "site",
  protocol: "http",
  host: "127.0.0.1",
  port: 8080,
  agent: null,
  labels: {},
  tls: { mode: "disable" },
  target: {},
  exposesCredentialToAgent: false,
  version: 1,
};

const { recorder, ports, close } = await startBenchGateway({
  analysers: {},
  show: (text) => text,
  read: () => {
    throw new Error("a site has no catalogue");
  },
});

/** Sessions whose answer is complete, and targets that were asked: all of one turn are served in the next. */
let answered: Session[] = [];
let asked: BarePipe[] = [];
let writes = 0;

class Session {
  readonly client: BarePipe;

  constructor() {
    this.client = new BarePipe((bytes) => {
      writes++;
      const text = Buffer.from(bytes).toString("latin1");
      if (text.startsWith("HTTP/1.1 ") && !text.startsWith("HTTP/1.1 200")) throw new Error(text);
      if (text.endsWith(tail)) answered.push(this);
    });
    void pump(
      { ...ports, dial: async () => this.#dial() },
      {
        init: {
          session: sessionId(randomUUID()),
          subject,
          connection,
          refusal: null,
          credential: { user: "", secret: null },
          viaAgent: false,
          clientTls: false,
          limits: { maxFrame: 1 << 24, maxQueued: 1 << 18, handshakeMs: 10_000 },
          random: randomBytes,
        },
        login: "bench",
        from: "bench",
        protocol: http,
        client: this.client,
      },
    );
  }

  #dial(): BarePipe {
    const target = new BarePipe((bytes) => {
      writes++;
      const end = Buffer.from(bytes).toString("latin1");
      if (end.endsWith(post ? `"one"}` : "\r\n\r\n")) asked.push(target);
    });
    return target;
  }
}

/** CPU time a request, microseconds. */
async function run(sessions: readonly Session[], times: number): Promise<number> {
  const before = process.cpuUsage();
  for (let n = 0; n < times; n += sessions.length) {
    for (const session of sessions) session.client.push(Buffer.from(asking));
    while (answered.length < sessions.length) {
      await turn();
      const now = asked;
      asked = [];
      for (const target of now) target.push(Buffer.from(answering));
    }
    answered = [];
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

try {
  for (const count of counts) {
    const sessions = Array.from({ length: count }, () => new Session());
    await run(sessions, Math.min(requests, 10_000));
    const costs: number[] = [];
    writes = 0;
    for (let round = 0; round < rounds; round++) costs.push(await run(sessions, requests / rounds));
    console.log(
      `${String(count).padStart(3)} sessions  ${Math.min(...costs).toFixed(0)} us CPU a request (median ${costs.sort((a, b) => a - b)[rounds >> 1]!.toFixed(0)}), ${(writes / requests).toFixed(2)} writes to client and target`,
    );
    recorder.journal.release(recorder.journal.tip.seq);
  }
} finally {
  await close();
}
process.exit(0);
