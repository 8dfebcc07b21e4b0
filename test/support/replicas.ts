import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild } from "../../src/demo/child.js";
import { createGatewayLink, type GatewayLink, type GrpcSession, openLane } from "../../src/transport/grpc/index.js";
import { joinPipes } from "../../src/transport/join-pipes.js";
import { tcpPipe } from "../../src/transport/tcp/index.js";
import { freePort, type PostgresServer } from "./postgres.js";

/** One gateway of several on one store. */
export interface Replica {
  readonly http: string;
  readonly grpc: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Two gateways, as processes, on one store, with an admin and a target each test may add. */
export interface Replicas {
  readonly one: Replica;
  readonly other: Replica;
  readonly admin: string;
  /** JSON in and out; throws where it is answered with another status than one of these. */
  api<T = Record<string, unknown>>(
    at: Replica,
    token: string | null,
    method: string,
    path: string,
    body?: unknown,
    ok?: readonly number[],
  ): Promise<T>;
  /** A person with a password; answers their token, and what they are. */
  person(
    name: string,
    groups: readonly string[],
  ): Promise<{ readonly id: string; readonly token: string; readonly password: string }>;
  signIn(at: Replica, name: string, password: string): Promise<string>;
  /** A port of loopback behind which lanes to a connection are, one for each TCP connection. */
  door(at: Replica, connection: string, token: () => string): Promise<Door>;
  stop(): Promise<void>;
}

export interface Door {
  readonly port: number;
  close(): void;
}

export async function startReplicas(options: {
  readonly store: Pick<PostgresServer, "host" | "port" | "user" | "password" | "database">;
  /** `dist/cli.js`, or where else Hoop is built. */
  readonly cli: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Flags of Node itself: `--cpu-prof`. */
  readonly node?: readonly string[];
}): Promise<Replicas> {
  const { store, cli } = options;
  const folder = mkdtempSync(join(tmpdir(), "hoop-replicas-"));
  const stops: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of stops.splice(0).reverse()) await step();
    rmSync(folder, { recursive: true, force: true });
  };
  const adminPassword = randomBytes(12).toString("base64url");
  writeFileSync(join(folder, "password"), adminPassword, { mode: 0o600 });
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(HOOP_|PG|DATABASE_URL|NODE_OPTIONS|VITEST)/.test(name)),
  );
  const masterKey = randomBytes(32).toString("base64");

  async function gateway(name: string): Promise<Replica> {
    const [http, grpc] = [await freePort(), await freePort()];
    const { child }: { child: Child } = await startChild([...(options.node ?? []), cli, "gateway", "--json"], {
      env: {
        ...env,
        HOOP_STATE_DIR: join(folder, name),
        HOOP_HTTP_LISTEN: `127.0.0.1:${http}`,
        HOOP_GRPC_LISTEN: `127.0.0.1:${grpc}`,
        HOOP_TLS: "off",
        HOOP_ADMIN_NAME: "admin",
        HOOP_ADMIN_PASSWORD_FILE: join(folder, "password"),
        HOOP_DRAIN_MS: "200",
        HOOP_LOG_LEVEL: "warn",
        HOOP_MASTER_KEY: masterKey,
        DATABASE_URL: `postgres://${store.user}:${store.password}@${store.host}:${store.port}/${store.database}`,
        ...options.settings,
      },
      readyMs: 90_000,
      isReady: (line) => line["event"] === "ready",
    });
    const replica = {
      http: `http://127.0.0.1:${http}`,
      grpc: `127.0.0.1:${grpc}`,
      pid: child.process.pid!,
      stop: () => child.stop(),
    };
    stops.push(() => child.stop());
    return replica;
  }

  const api: Replicas["api"] = async (at, token, method, path, body, ok = [200, 201, 204]) => {
    const answer = await fetch(`${at.http}/api/v1${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!ok.includes(answer.status)) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return (text === "" ? null : JSON.parse(text)) as never;
  };
  const signIn = async (at: Replica, name: string, password: string): Promise<string> =>
    (await api<{ accessToken: string }>(at, null, "POST", "/login", { name, password })).accessToken;

  const links = new Map<string, Promise<GatewayLink>>();
  const linkTo = (at: Replica): Promise<GatewayLink> => {
    let link = links.get(at.grpc);
    if (link === undefined) {
      link = linked(at.grpc);
      links.set(at.grpc, link);
      stops.push(async () => (await link!).close());
    }
    return link;
  };

  try {
    const one = await gateway("one");
    const other = await gateway("other");
    const admin = await signIn(one, "admin", adminPassword);
    return {
      one,
      other,
      admin,
      api,
      signIn,
      async person(name, groups) {
        const password = randomBytes(12).toString("base64url");
        const { id } = await api<{ id: string }>(one, admin, "POST", "/users", { name, groups, password });
        return { id, password, token: await signIn(one, name, password) };
      },
      async door(at, connection, token) {
        const link = await linkTo(at);
        const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
          socket.on("error", () => {});
          const lane = openLane(link.session as GrpcSession, { connection, token: token() });
          void joinPipes(tcpPipe(socket, "client"), lane);
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const close = () => void server.close();
        stops.push(close);
        return { port: (server.address() as AddressInfo).port, close };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A connection to a gateway's lanes. */
export function linked(grpc: string): Promise<GatewayLink> {
  return new Promise((resolve, reject) => {
    const link = createGatewayLink({
      url: `http://${grpc}`,
      userAgent: "hoop-test",
      tls: () => ({}),
      backoff: { minMs: 50, maxMs: 500 },
    });
    const late = setTimeout(() => {
      link.close();
      reject(new Error(`no gateway answers at ${grpc}`));
    }, 60_000);
    link.watch((event) => {
      if (event.kind !== "up") return;
      clearTimeout(late);
      resolve(link);
    });
  });
}
