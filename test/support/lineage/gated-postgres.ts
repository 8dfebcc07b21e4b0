import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import pg from "pg";
import type { Budgets } from "../../../src/budgets/index.js";
import { planMasks } from "../../../src/masking/index.js";
import { compilePolicy, mintPermit, parseDocuments } from "../../../src/policy/index.js";
import { postgres } from "../../../src/protocols/postgres/index.js";
import { readCatalogue } from "../../../src/protocols/postgres/operate/read-catalogue.js";
import { createGate } from "../../../src/relay/gate.js";
import type { SqlAnalyser } from "../../../src/sql/index.js";
import { analysePostgres } from "../../../src/sql/postgres/analyse.js";
import { loadPostgresParser } from "../../../src/sql/postgres/parser.js";
import { connectTcp, tcpPipe } from "../../../src/transport/index.js";
import {
  type Catalogue,
  type Connection,
  connectionId,
  HoopError,
  sessionId,
  subjectId,
} from "../../../src/vocabulary/index.js";
import type { PostgresServer } from "../postgres.js";

/** A listener before a real server: the real session, gate, policy, analyser and mask plans, without the processes around them. */
export interface Gated {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

export interface GatedOptions {
  readonly server: PostgresServer;
  /** Policy documents. */
  readonly policy: string;
  readonly database?: string;
  readonly budgets?: Budgets;
}

/** The analyser in this very thread: a worker would need a build. */
async function localAnalyser(): Promise<SqlAnalyser> {
  const parser = await loadPostgresParser();
  return {
    analyse: (text, context, catalogue, done) => done(analysePostgres(text, context, catalogue, parser).analysis),
    stats: () => ({ hits: 0, misses: 0, recycled: 0 }),
    close: async () => {},
  };
}

export async function serveGated({
  server,
  policy,
  database = server.database,
  budgets,
}: GatedOptions): Promise<Gated> {
  const compiled = compilePolicy(parseDocuments(policy));
  const analyser = await localAnalyser();
  const catalogues = await readerOf(server, database);
  const connection = {
    id: connectionId(randomUUID()),
    name: "pg",
    protocol: "postgres",
    host: server.host,
    port: server.port,
    agent: null,
    labels: {},
    tls: { mode: "disable" },
    target: { database },
    exposesCredentialToAgent: false,
    version: 1,
  } as Connection;
  const stopping = new AbortController();
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const subject = {
      id: subjectId(randomUUID()),
      kind: "person" as const,
      name: "ada",
      groups: ["engineers"],
      version: 1,
    };
    const session = sessionId(randomUUID());
    const gate = createGate(
      {
        policy: { current: () => compiled, onChange: () => () => {} } as never,
        mintPermit,
        planMasks,
        analysers: { postgresql: analyser },
        catalogues,
        recorder: { append: (_entry: unknown, done?: (error: null) => void) => done?.(null) } as never,
        show: () => null,
        staleness: () => 0,
        maxStaleMs: 60_000,
        now: () => Date.now(),
        budgets,
      },
      { session, login: "test", subject, connection },
      "postgresql",
    );
    void postgres.serve({
      init: {
        session,
        subject,
        connection,
        refusal: null,
        credential: { user: server.user, secret: server.password },
        viaAgent: false,
        clientTls: false,
        limits: { maxFrame: 16 * 1024 * 1024, maxQueued: 1024 * 1024, handshakeMs: 10_000 },
        maskKey: Buffer.alloc(32, 7),
        random: (n) => randomBytes(n),
      },
      client: tcpPipe(socket, "client"),
      dial: (signal) => connectTcp({ host: server.host, port: server.port, signal }),
      gate,
      note: (note) => (note.kind === "finished" ? gate.note(note) : undefined),
      serverCertificate: () => Promise.reject(new Error("no certificate")),
      onOrder: () => {},
      cancels: { register: () => {}, signal: () => {} },
      signal: stopping.signal,
    });
  };
  const listener: Server = createServer({ allowHalfOpen: true, noDelay: true }, serve);
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    host: "127.0.0.1",
    port: (listener.address() as { port: number }).port,
    stop: async () => {
      stopping.abort();
      const closed = new Promise((resolve) => listener.close(resolve));
      setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, 300).unref();
      await closed;
      await catalogues.end();
    },
  };
}

/** The catalogue as the gateway reads it, read again after each change. */
async function readerOf(server: PostgresServer, database: string) {
  const client = new pg.Client({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    database,
  });
  await client.connect();
  const query = async (text: string) => (await client.query<unknown[]>({ text, rowMode: "array" })).rows;
  let known: Catalogue | null = null;
  let dirty = true;
  let last: Promise<unknown> = Promise.resolve();
  return {
    read(
      _connection: Connection,
      _database: string,
      _asker: string,
      done: (result: Catalogue | HoopError) => void,
    ): void {
      if (known !== null && !dirty) return done(known);
      last = last.then(async () => {
        dirty = false;
        try {
          known = (await readCatalogue(query, "test", known?.version ?? null)) ?? known;
        } catch (error) {
          dirty = true;
          return done(new HoopError("unavailable", String(error)));
        }
        done(known!);
      });
    },
    watch: () => () => {},
    invalidate: () => {
      dirty = true;
    },
    release: () => {},
    leave: () => {},
    close: () => {},
    end: () => client.end(),
  };
}
