/**
 * What a statement costs the gateway without its transport: CPU time a transaction of `pgbench -S`, from the client's chunk over
 * gate and journal to the reply. Real session, driver, gate, default policy, analyser and journal; no socket.
 * `node scripts/run.mjs bench/micro/statement [prepared|simple] [transactions] [sessions,…] [group]`
 */
import { randomBytes, randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { postgres } from "../../src/protocols/postgres/index.js";
import { pump } from "../../src/relay/pump.js";
import { createSqlAnalyser, showText } from "../../src/sql/index.js";
import { type Catalogue, type Connection, connectionId, sessionId } from "../../src/vocabulary/index.js";
import { startBenchGateway, subject } from "./bench-gateway.js";
import { endsTurn, pgbenchClient, pgbenchServer } from "./pgbench-talk.js";
import { BarePipe } from "./pipe-ends.js";

const mode = process.argv[2] === "simple" ? "simple" : "prepared";
const transactions = Number(process.argv[3] ?? 150_000);
/** Statements that share one write of the journal, at most. */
const group = process.argv[5] === undefined ? undefined : Number(process.argv[5]);
/** The machine has other work: the quickest of many short rounds is what the code costs. */
const rounds = 15;
const counts = (process.argv[4] ?? "1,8,32").split(",").map(Number);

const catalogue: Catalogue = {
  key: "bench",
  version: "1",
  serverVersion: 150_014,
  relations: [
    {
      id: 16_400,
      schema: "public",
      name: "pgbench_accounts",
      kind: "table",
      columns: ["aid", "bid", "abalance", "filler"].map((name, at) => ({ number: at + 1, name, typeId: 23 })),
      parents: [],
      reads: [],
      definition: null,
      triggers: [],
      calls: [],
    },
  ],
  functions: [],
  systemFunctions: { immutable: ["int4eq"], stable: [], volatile: [] },
  searchPath: ["public"],
  role: "bench",
  superuser: false,
  operators: [],
  systemFunctionIds: [],
  types: [],
  systemTypes: ["int4", "text"],
  implicitCasts: [],
  closedSchemas: [],
};
const connection: Connection = {
  id: connectionId(randomUUID()),
  name: "pg-bench",
  protocol: "postgres",
  host: "127.0.0.1",
  port: 5432,
  agent: null,
  labels: {},
  tls: { mode: "disable" },
  target: { database: "bench" },
  exposesCredentialToAgent: false,
  version: 1,
};

const analyser = createSqlAnalyser({ workers: 1 });
const { recorder, ports, close } = await startBenchGateway(
  {
    analysers: { postgresql: analyser },
    show: showText,
    read: (_connection, _database, _asker, done) => done(catalogue),
  },
  group,
);

/** Sessions whose answer is complete, and those whose target was asked: all of one turn are served in the next. */
let answered: Session[] = [];
let asked: Session[] = [];

class Session {
  readonly client: BarePipe;
  readonly target: BarePipe;
  #reply: Buffer = pgbenchServer.login;

  constructor() {
    this.client = new BarePipe((bytes) => {
      if (endsTurn(bytes)) answered.push(this);
    });
    this.target = new BarePipe(() => asked.push(this));
    void pump(
      { ...ports, dial: async () => this.target },
      {
        init: {
          session: sessionId(randomUUID()),
          subject,
          connection,
          refusal: null,
          credential: { user: "bench", secret: null },
          viaAgent: false,
          clientTls: false,
          limits: { maxFrame: 1 << 24, maxQueued: 1 << 18, handshakeMs: 10_000 },
          random: randomBytes,
        },
        login: "bench",
        from: "bench",
        protocol: postgres,
        client: this.client,
      },
    );
  }

  say(bytes: Buffer, reply: Buffer): void {
    this.#reply = reply;
    this.client.push(bytes);
  }

  reply(): void {
    // The session may change the bytes that it is given.
    this.target.push(Buffer.from(this.#reply));
  }
}

/** Serves what has come until every session has its answer. */
async function settled(sessions: number): Promise<Session[]> {
  while (answered.length < sessions) {
    await turn();
    const now = asked;
    asked = [];
    for (const session of now) session.reply();
  }
  const done = answered;
  answered = [];
  return done;
}

async function open(count: number): Promise<Session[]> {
  const sessions = Array.from({ length: count }, () => new Session());
  for (const session of sessions) session.say(pgbenchClient.startup, pgbenchServer.login);
  await settled(count);
  for (const session of sessions) session.say(pgbenchClient.prepare, pgbenchServer.prepare);
  return settled(count);
}

/** Microseconds of CPU time a transaction; with `quiet` what the bench itself takes, without any session. */
async function run(sessions: readonly Session[], times: number): Promise<number> {
  const asks = Array.from({ length: 1024 }, (_, n) => pgbenchClient[mode](n * 97 + 1));
  const before = process.cpuUsage();
  for (let n = 0; n < times; n += sessions.length) {
    for (const [at, session] of sessions.entries())
      session.say(Buffer.from(asks[(n + at) & 1023]!), pgbenchServer[mode]);
    await settled(sessions.length);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

try {
  for (const count of counts) {
    const sessions = await open(count);
    await run(sessions, Math.min(transactions, 20_000));
    const costs: number[] = [];
    const bytes = recorder.journal.usedBytes;
    for (let round = 0; round < rounds; round++) costs.push(await run(sessions, transactions / rounds));
    const each = (recorder.journal.usedBytes - bytes) / transactions;
    console.log(
      `${mode.padEnd(9)} ${String(count).padStart(3)} sessions  ${Math.min(...costs).toFixed(1)} us CPU a transaction (median ${costs.sort((a, b) => a - b)[rounds >> 1]!.toFixed(1)}), ${each.toFixed(0)} B journal`,
    );
    recorder.journal.release(recorder.journal.tip.seq);
  }
} finally {
  await close();
  await analyser.close();
}
process.exit(0);
