import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type {
  Answer,
  Ask,
  EndReason,
  Note,
  Order,
  Protocol,
  SessionHost,
  SessionInit,
  Waiting,
  WithdrawReason,
} from "../../src/protocol/index.js";
import { connectTcp, tcpPipe } from "../../src/transport/tcp/index.js";
import {
  type Connection,
  connectionId,
  type MaskPlan,
  type Permit,
  sessionId,
  statementId,
  subjectId,
} from "../../src/vocabulary/index.js";

/** A protocol served on a loopback port, with a gate that a test decides for; no gateway around it. */
export interface Lanes {
  readonly port: number;
  readonly asks: Ask[];
  readonly notes: Note[];
  readonly ends: EndReason[];
  order(order: Order): void;
  close(): Promise<void>;
}

export interface LaneOptions {
  readonly targetPort: number;
  readonly target?: Record<string, unknown>;
  readonly secret?: string | null;
  readonly handshakeMs?: number;
  readonly maxScreen?: number;
  readonly tls?: Connection["tls"];
  readonly viaAgent?: boolean;
  readonly exposesCredentialToAgent?: boolean;
  readonly refusal?: SessionInit["refusal"];
  readonly certificate?: { key: string; chain: string };
  readonly decide?: (ask: Ask) => Promise<"allow" | string> | "allow" | string;
  /** What is masked in what is allowed. */
  readonly masks?: MaskPlan;
  /** What rules are said to look at. */
  readonly needs?: readonly string[];
  /** Told for each ask before `decide`: people are asked. */
  readonly waits?: Waiting;
  readonly userCertificate?: (user: string) => { readonly seed: Buffer; readonly certificate: Buffer };
  readonly asksToConnect?: boolean;
  readonly withdrawn?: (id: number, why?: WithdrawReason) => void;
}

export async function startLanes(protocol: Protocol, options: LaneOptions): Promise<Lanes> {
  const asks: Ask[] = [];
  const notes: Note[] = [];
  const ends: EndReason[] = [];
  const listeners: ((order: Order) => void)[] = [];
  const sockets = new Set<Socket>();
  let known: readonly string[] | null = null;
  const connection: Connection = {
    id: connectionId(randomUUID()),
    name: "site",
    protocol: protocol.name,
    host: "localhost",
    port: options.targetPort,
    agent: null,
    labels: {},
    tls: options.tls ?? { mode: "disable" },
    target: options.target ?? {},
    exposesCredentialToAgent: options.exposesCredentialToAgent ?? false,
    version: 1,
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    const session = sessionId(randomUUID());
    const over = new AbortController();
    const host: SessionHost = {
      init: {
        session,
        subject: { id: subjectId(randomUUID()), kind: "person", name: "ada", groups: [], version: 1 },
        connection,
        refusal: options.refusal ?? null,
        credential: { user: "", secret: options.secret ?? null },
        ...(options.asksToConnect ? { asksToConnect: true } : {}),
        viaAgent: options.viaAgent ?? false,
        clientTls: true,
        limits: {
          ...{ maxFrame: 1024 * 1024, maxQueued: 256 * 1024, handshakeMs: options.handshakeMs ?? 30_000 },
          maxScreen: options.maxScreen,
        },
        maskKey: Buffer.alloc(32, 1),
        random: randomBytes,
      },
      client: tcpPipe(socket, "client"),
      dial: (signal) => connectTcp({ host: "127.0.0.1", port: options.targetPort, signal }),
      gate: {
        needs: () => new Set(options.needs ?? []),
        judge(id, ask, answer, waits) {
          asks.push(ask);
          if (options.waits) waits?.(options.waits);
          void Promise.resolve(options.decide?.(ask) ?? "allow").then((word) => {
            const allow: Answer = {
              outcome: "allow",
              permit: { statement: statementId(session, id), purpose: "forward" } as Permit,
              analysis: ask.analysis!,
              masks: options.masks ?? null,
            };
            answer(
              word === "allow"
                ? allow
                : {
                    outcome: "deny",
                    reasons: [{ rule: null, code: "test", text: word }],
                    analysis: ask.analysis ?? null,
                  },
            );
          });
        },
        withdraw: (id, why) => options.withdrawn?.(id, why),
        lookup: () => {},
      },
      note: (note, written) => {
        notes.push(note);
        written?.(null);
      },
      serverCertificate: async () => options.certificate!,
      onOrder: (listener) => void listeners.push(listener),
      keys: {
        hostKeySeed: async () => Buffer.alloc(32, 7),
        userCertificate: async (user) => {
          if (!options.userCertificate) throw new Error("no authority here");
          return options.userCertificate(user);
        },
        known: async () => known,
        learn: async (key) => {
          known = [key];
          return true;
        },
      },
      cancels: { register() {}, signal() {} },
      signal: over.signal,
    };
    void protocol.serve(host).then((end) => {
      ends.push(end);
      over.abort();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    asks,
    notes,
    ends,
    order: (order) => {
      for (const listener of listeners) listener(order);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
