import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import type { Answer, Ask, EndReason, Note, Order, ServerCertificate, SessionInit } from "../../src/protocol/index.js";
import { postgres } from "../../src/protocols/postgres/index.js";
import { connectTcp, tcpPipe } from "../../src/transport/index.js";
import {
  type Analysis,
  connectionId,
  type HoopError,
  type MaskPlan,
  type Permit,
  type Reason,
  type StatementId,
  sessionId,
  subjectId,
} from "../../src/vocabulary/index.js";
import type { PostgresServer } from "./postgres.js";

/** What a scripted gate says: allow (with facts of a SQL analysis and masks), deny, or answer later. */
export type Say =
  | { readonly allow: true; readonly masks?: MaskPlan | null; readonly analysis?: Record<string, unknown> }
  | { readonly deny: string }
  | { readonly later: (answer: (say: Say) => void) => void };

export interface ThroughOptions {
  readonly server: Pick<PostgresServer, "host" | "port" | "user" | "password" | "database">;
  readonly judge?: (ask: Ask, id: number) => Say;
  readonly lookup?: (relations: readonly string[], ask: Ask) => MaskPlan | null | HoopError;
  readonly init?: Partial<SessionInit>;
  readonly connection?: Partial<SessionInit["connection"]>;
  readonly certificate?: ServerCertificate;
}

export interface Through {
  readonly host: string;
  readonly port: number;
  readonly asks: Ask[];
  readonly notes: Note[];
  readonly ends: EndReason[];
  readonly withdrawn: number[];
  order(order: Order): void;
  /** Resolves when a session has ended for this reason. */
  ended(code: EndReason["code"]): Promise<void>;
  /** Sessions that are open now. */
  readonly open: number;
  stop(): Promise<void>;
}

/** A permit as `policy` would mint it; tests have no policy. */
export const testPermit = { statement: "test:1" as StatementId, purpose: "forward" } as unknown as Permit;

export function allowed(say: Extract<Say, { allow: true }>): Answer {
  const analysis: Analysis = {
    shape: "test",
    effects: ["read"],
    resources: [],
    attributes: {},
    unknowns: [],
    ...say.analysis,
  };
  return { outcome: "allow", permit: testPermit, analysis, masks: say.masks ?? null };
}

export function denied(text: string): Answer {
  const reason: Reason = { rule: null, code: "test", text };
  return { outcome: "deny", reasons: [reason], analysis: null };
}

/** Texts that change the session's context, as a SQL analysis would find them; enough for tests. */
export function testFacts(text: string): Record<string, unknown> {
  return { changesContext: /\b(?:set|reset|set_config|prepare|deallocate|discard)\b/i.test(text) };
}

/** A listener in this process that serves PostgreSQL clients before a real server, with a scripted gate. */
export async function servePostgresThrough(options: ThroughOptions): Promise<Through> {
  const { server } = options;
  const asks: Ask[] = [];
  const notes: Note[] = [];
  const ends: EndReason[] = [];
  const withdrawn: number[] = [];
  const listeners = new Set<(order: Order) => void>();
  const cancels = new Map<string, (order: Order) => void>();
  const sockets = new Set<Socket>();
  const stopping = new AbortController();
  const judge = options.judge ?? ((ask) => ({ allow: true, analysis: testFacts(ask.text) }));
  const init = (): SessionInit => ({
    session: sessionId(randomUUID()),
    subject: { id: subjectId(randomUUID()), kind: "person", name: "ada", groups: ["engineers"], version: 1 },
    connection: {
      id: connectionId(randomUUID()),
      name: "pg-test",
      protocol: "postgres",
      host: server.host,
      port: server.port,
      agent: null,
      labels: {},
      tls: { mode: "disable" },
      target: { database: server.database },
      exposesCredentialToAgent: false,
      version: 1,
      ...options.connection,
    },
    refusal: null,
    credential: { user: server.user, secret: server.password },
    viaAgent: false,
    clientTls: options.certificate !== undefined,
    limits: { maxFrame: 16 * 1024 * 1024, maxQueued: 1024 * 1024, handshakeMs: 30_000 },
    maskKey: Buffer.alloc(32, 7),
    random: (n) => randomBytes(n),
    ...options.init,
  });
  const serve = (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const mine = new AbortController();
    const orders: ((order: Order) => void)[] = [];
    const toMe = (order: Order) => {
      for (const listener of orders) listener(order);
    };
    listeners.add(toMe);
    const said = new Map<number, Ask>();
    const settle = (say: Say, ask: Ask, answer: (answer: Answer) => void): void => {
      if ("later" in say) say.later((then) => settle(then, ask, answer));
      else answer("deny" in say ? denied(say.deny) : allowed(say));
    };
    void postgres
      .serve({
        init: init(),
        client: tcpPipe(socket, "client"),
        dial: (signal) => connectTcp({ host: server.host, port: server.port, signal }),
        gate: {
          judge: (id, ask, answer) => {
            asks.push(ask);
            said.set(id, ask);
            settle(judge(ask, id), ask, answer);
          },
          withdraw: (id) => withdrawn.push(id),
          lookup: (ask, relations, answer) => answer(options.lookup?.(relations, said.get(ask)!) ?? null),
        },
        note: (note) => notes.push(note),
        serverCertificate: () =>
          options.certificate === undefined
            ? Promise.reject(new Error("no certificate"))
            : Promise.resolve(options.certificate),
        onOrder: (listener) => orders.push(listener),
        cancels: {
          register: (key) => cancels.set(key, toMe),
          signal: (key) => cancels.get(key)?.({ kind: "cancel" }),
        },
        signal: AbortSignal.any([stopping.signal, mine.signal]),
      })
      .then((reason) => {
        listeners.delete(toMe);
        ends.push(reason);
      });
  };
  const listener: Server = createServer({ allowHalfOpen: true, noDelay: true }, serve);
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    host: "127.0.0.1",
    port: (listener.address() as { port: number }).port,
    asks,
    notes,
    ends,
    withdrawn,
    order: (order) => {
      for (const send of [...listeners]) send(order);
    },
    ended: async (code) => {
      for (let tries = 0; !ends.some((reason) => reason.code === code); tries++) {
        if (tries > 1_200) throw new Error(`no session ended as ${code}: ${JSON.stringify(ends)}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    get open() {
      return listeners.size;
    },
    stop: async () => {
      stopping.abort();
      const closed = new Promise((resolve) => listener.close(resolve));
      setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, 500).unref();
      await closed;
    },
  };
}
