import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeStartup } from "../../src/protocols/postgres/codec/startup.js";
import type { Connection } from "../../src/vocabulary/index.js";
import { hasPostgres, type PostgresAuth, type PostgresServer, startPostgres } from "../support/postgres.js";
import { servePostgresThrough, type ThroughOptions } from "../support/postgres-through.js";
import { field, RawPostgres, types } from "../support/raw-postgres.js";

const run = promisify(execFile);

/** What a client gets: the first column of a row, or the error's text. */
async function attempt(
  options: ThroughOptions,
  sql = "select current_user || ' ' || current_database()",
): Promise<string> {
  const through = await servePostgresThrough(options);
  const client = new pg.Client({
    host: through.host,
    port: through.port,
    user: "ada",
    database: "ada",
    connectionTimeoutMillis: 5_000,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return String(Object.values((await client.query(sql)).rows[0])[0]);
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`;
  } finally {
    await client.end().catch(() => {});
    await through.stop();
  }
}

const tls = (
  mode: Connection["tls"]["mode"],
  server: PostgresServer,
  serverName = "pg.internal",
): Partial<Connection> => ({
  tls: { mode, ca: server.ca!, serverName },
});

describe.each([15, 18] as const)("the gateway's login at PostgreSQL %i", (version) => {
  describe.each(["scram-sha-256", "md5", "password", "trust"] as const)("by %s", (auth: PostgresAuth) => {
    const here = it.skipIf(!hasPostgres(version));
    let server: PostgresServer;
    beforeAll(async () => {
      if (hasPostgres(version))
        server = await startPostgres({
          version,
          auth,
          tls: "on",
          certificateHash: version === 15 ? "sha384" : "sha256",
        });
    });
    afterAll(async () => server?.stop());

    here("puts in its own user and database", async () => {
      expect(await attempt({ server })).toBe("postgres app");
    });

    here("goes through TLS in each mode", async () => {
      for (const mode of ["prefer", "require", "verify-ca", "verify-full"] as const) {
        const sql = "select current_user || ' ' || (select ssl from pg_stat_ssl where pid = pg_backend_pid())";
        expect(await attempt({ server, connection: tls(mode, server) }, sql)).toBe("postgres true");
      }
      expect(await attempt({ server, connection: tls("verify-full", server, "other.internal") })).toMatch(
        /certificate is not trusted/,
      );
    });

    here("refuses what would show the secret to the agent", async () => {
      const seen = auth === "md5" || auth === "password";
      const alone = await attempt({ server, init: { viaAgent: true } });
      if (seen)
        expect(alone).toMatch(/^28000: hoop: the target asks for the password .* which would show it to the agent/);
      else expect(alone).toBe("postgres app");
      const unverified = await attempt({ server, init: { viaAgent: true }, connection: tls("require", server) });
      if (seen) expect(unverified).toMatch(/show it to the agent/);
      else expect(unverified).toBe("postgres app");
      expect(await attempt({ server, init: { viaAgent: true }, connection: tls("verify-full", server) })).toBe(
        "postgres app",
      );
      expect(await attempt({ server, init: { viaAgent: true }, connection: { exposesCredentialToAgent: true } })).toBe(
        "postgres app",
      );
    });

    here("says that a stored password is wrong, and does not tell it", async () => {
      const text = await attempt({ server, init: { credential: { user: "postgres", secret: "wr0ng-secret" } } });
      if (auth === "trust") expect(text).toBe("postgres app");
      else {
        expect(text).toMatch(/^28P01: hoop: the target did not accept the credential stored for "postgres"/);
        expect(text).not.toContain("wr0ng-secret");
      }
      const none = await attempt({ server, init: { credential: { user: "postgres", secret: null } } });
      if (auth !== "trust") expect(none).toMatch(/has none stored/);
    });
  });
});

describe("between client and gateway", () => {
  let server: PostgresServer;
  let folder: string;
  let certificate: { key: string; chain: string };
  beforeAll(async () => {
    server = await startPostgres({ version: 15 });
    folder = mkdtempSync(join(tmpdir(), "hoop-cert-"));
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
        ...["-keyout", join(folder, "key"), "-out", join(folder, "crt"), "-subj", "/CN=pg-test.hoop"],
        ...["-addext", "subjectAltName=DNS:pg-test.hoop,DNS:localhost,IP:127.0.0.1"],
      ],
      { stdio: "ignore" },
    );
    certificate = { key: readFileSync(join(folder, "key"), "utf8"), chain: readFileSync(join(folder, "crt"), "utf8") };
    writeFileSync(join(folder, "root.crt"), certificate.chain);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await server.stop();
  });

  const psql = async (
    conninfo: string,
    options: Partial<ThroughOptions> = {},
    port?: (through: { port: number }) => string,
  ) => {
    const through = await servePostgresThrough({ server, certificate, ...options });
    const where = port?.(through) ?? `host=127.0.0.1 port=${through.port}`;
    try {
      const sql = "select 'in as ' || current_user";
      const done = await run("psql", ["-X", "-At", "-c", sql, `${where} user=ada connect_timeout=5 ${conninfo}`], {
        env: { PATH: process.env.PATH },
      });
      return done.stdout.trim();
    } catch (error) {
      return (error as { stderr: string }).stderr.trim();
    } finally {
      await through.stop();
    }
  };

  it.each(["disable", "allow", "prefer", "require", "verify-ca", "verify-full"])(
    "serves psql with sslmode=%s",
    async (mode) => {
      expect(await psql(`sslmode=${mode} sslrootcert=${join(folder, "root.crt")}`)).toBe("in as postgres");
    },
  );

  it("has an encryption of its own: what psql asks for is met or refused", async () => {
    expect(await psql("sslmode=require", { certificate: undefined as never })).toMatch(/server does not support SSL/);
    expect(await psql("sslmode=require channel_binding=require")).toMatch(/channel binding required/);
    expect(await psql("gssencmode=prefer sslmode=prefer")).toBe("in as postgres");
  });

  it("lets libpq try several hosts and session attributes", async () => {
    const two = (through: { port: number }) => `host=127.0.0.1,127.0.0.1 port=1,${through.port}`;
    expect(await psql("target_session_attrs=read-write sslmode=prefer", {}, two)).toBe("in as postgres");
  });

  it("speaks direct TLS only with its ALPN protocol", async () => {
    const through = await servePostgresThrough({ server, certificate });
    const open = async (ALPNProtocols: string[]) => {
      const socket = tlsConnect({ port: through.port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols });
      socket.on("error", () => {});
      socket.once("secureConnect", () => socket.write(encodeStartup([["user", "ada"]])));
      const chunks: Buffer[] = [];
      for await (const chunk of socket) {
        chunks.push(chunk as Buffer);
        if (chunks.at(-1)!.at(-6) === 0x5a) break;
      }
      socket.destroy();
      return Buffer.concat(chunks);
    };
    expect((await open(["postgresql"])).subarray(0, 9).toString("latin1")).toBe("R\0\0\0\x08\0\0\0\0");
    await expect(open(["http/1.1"]).catch(() => Buffer.alloc(0))).resolves.toHaveLength(0);
    await expect(open([]).catch(() => Buffer.alloc(0))).resolves.toHaveLength(0);
    await through.stop();
  });

  it("answers GSS and TLS requests in either order, and takes nothing behind a request", async () => {
    const through = await servePostgresThrough({ server });
    const requests = { ssl: Buffer.from("0000000804d2162f", "hex"), gss: Buffer.from("0000000804d21630", "hex") };
    for (const order of [["ssl", "gss"], ["gss", "ssl"], ["ssl"], ["gss"]] as const) {
      const client = await RawPostgres.open(through, null);
      for (const request of order) {
        const answer = new Promise<Buffer>((resolve) => client.socket.once("data", resolve));
        client.socket.write(requests[request]);
        expect((await answer).toString()).toBe("N");
      }
      client.close();
    }
    const injector = await RawPostgres.open(through, null);
    injector.send(requests.ssl, encodeStartup([["user", "ada"]]));
    expect(await injector.until("none")).toEqual([]);
    await through.ended("malformed");
    await through.stop();
  });

  it("negotiates the protocol version and options", async () => {
    const through = await servePostgresThrough({ server });
    const newer = await RawPostgres.open(through, null);
    const packet = encodeStartup([
      ["user", "ada"],
      ["_pq_.shiny", "1"],
    ]);
    packet.writeInt32BE((3 << 16) | 9999, 4);
    newer.send(packet);
    const [first, ...rest] = await newer.until("Z");
    expect(first!.type).toBe("v");
    expect(first!.body.readInt32BE(0)).toBe((3 << 16) | 2);
    expect(first!.body.subarray(8).toString()).toBe("_pq_.shiny\0");
    // Since 3.2 the key may be long.
    expect(rest.find(({ type }) => type === "K")!.body).toHaveLength(4 + 32);
    newer.close();
    const older = await RawPostgres.open(through, null);
    const two = encodeStartup([]);
    two.writeInt32BE(2 << 16, 4);
    older.send(two);
    expect(field(await older.until("none"), "M")).toMatch(/unsupported frontend protocol 2.0/);
    const same = await RawPostgres.open(through, null);
    same.send(encodeStartup([["user", "ada"]]));
    expect((await same.until("Z")).find(({ type }) => type === "K")!.body).toHaveLength(8);
    same.close();
    await through.stop();
  });

  it("passes every parameter of the target on", async () => {
    const through = await servePostgresThrough({ server });
    const client = await RawPostgres.open(through, null);
    client.send(
      encodeStartup([
        ["user", "ada"],
        ["application_name", "mine"],
        ["DateStyle", "SQL"],
      ]),
    );
    const status = new Map(
      (await client.until("Z"))
        .filter(({ type }) => type === "S")
        .map(({ body }) => body.toString().split("\0") as [string, string]),
    );
    expect(status.get("application_name")).toBe("mine");
    expect(status.get("DateStyle")).toMatch(/^SQL/);
    expect([...status.keys()]).toEqual(
      expect.arrayContaining([
        "server_version",
        "client_encoding",
        "TimeZone",
        "standard_conforming_strings",
        "is_superuser",
      ]),
    );
    client.close();
    await through.stop();
  });

  it("refuses replication unless the connection allows it", async () => {
    expect(await psql("replication=database dbname=app")).toMatch(/replication is not allowed on this connection/);
    const open = { connection: { target: { database: "app", allowReplication: true } } };
    expect(await psql("replication=database dbname=app", open)).toBe("in as postgres");
  });

  it("tells a refusal in PostgreSQL's own words, with TLS and without", async () => {
    const init = { refusal: { text: "pg-test is not for you", hint: "ask the owner", code: "denied" } } as const;
    for (const mode of ["disable", "require"]) {
      const text = await psql(`sslmode=${mode}`, { init });
      expect(text).toMatch(/FATAL: {2}hoop: pg-test is not for you/);
      expect(text).toMatch(/ask the owner/);
    }
  });

  it("says that a target cannot be reached", async () => {
    expect(await psql("sslmode=disable", { server: { ...server, port: 1 } })).toMatch(
      /FATAL: {2}hoop: 127.0.0.1:1 refused the connection/,
    );
  });

  it("survives port scans and silence, and dials for neither", async () => {
    let dials = 0;
    const counter = createServer((socket) => {
      dials++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => counter.listen(0, "127.0.0.1", resolve));
    const { port } = counter.address() as { port: number };
    const limits = { maxFrame: 1 << 20, maxQueued: 1 << 20, handshakeMs: 300 };
    const through = await servePostgresThrough({ server: { ...server, port }, init: { limits } });
    for (let i = 0; i < 20; i++) (await RawPostgres.open(through, null)).close();
    const silent = await RawPostgres.open(through, null);
    expect(await silent.until("none")).toEqual([]);
    expect(dials).toBe(0);
    await through.ended("timeout");
    await through.stop();
    await new Promise((resolve) => counter.close(resolve));
  });

  describe("a target that offers TLS and cannot speak it", () => {
    // libpq's `prefer` would go on in clear here. Whoever stands in between could bring that about for a target that speaks TLS well.
    const broken: readonly [how: string, answer: (socket: Socket) => void][] = [
      ["hangs up", (socket) => void socket.end("S")],
      ["is cut off", (socket) => void socket.write("S", () => socket.resetAndDestroy())],
      [
        "speaks nonsense",
        (socket) => {
          socket.write("S");
          socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
        },
      ],
    ];
    const modes = ["prefer", "require", "verify-full"] as const;

    it.each(broken.flatMap(([how, answer]) => modes.map((mode) => [how, mode, answer] as const)))(
      "%s: %s fails with what to do, and nothing goes out in clear",
      async (_how, mode, answer) => {
        const connections: Buffer[] = [];
        const liar = createServer((socket) => {
          const mine = connections.push(Buffer.alloc(0)) - 1;
          socket.on("error", () => {});
          socket.on("data", (chunk: Buffer) => {
            connections[mine] = Buffer.concat([connections[mine]!, chunk]);
          });
          socket.once("data", () => answer(socket));
        });
        await new Promise<void>((resolve) => liar.listen(0, "127.0.0.1", resolve));
        const { port } = liar.address() as { port: number };
        const through = await servePostgresThrough({ server: { ...server, port }, connection: { tls: { mode } } });
        const client = await RawPostgres.open(through, null);
        client.send(encodeStartup([["user", "ada"]]));
        const told = await client.until("none");
        expect(types(told)).toBe("E");
        expect(field(told, "M")).toMatch(/^hoop: the target offers TLS, and then it did not come about: /);
        expect(field(told, "H")).toMatch(mode === "prefer" ? /tls\.mode to disable/ : /TLS of the target/);
        // One connection: the request, and the beginning of a handshake behind it. No second one in clear.
        expect(connections).toHaveLength(1);
        const [bytes] = connections;
        expect(bytes!.subarray(0, 8).toString("hex")).toBe("0000000804d2162f");
        if (bytes!.length > 8) expect(bytes![8]).toBe(0x16);
        expect(bytes!.includes("user\0")).toBe(false);
        await through.stop();
        await new Promise((resolve) => liar.close(resolve));
      },
    );

    it("a PostgreSQL whose TLS is too old for anybody: prefer fails, disable works", async () => {
      const old = await startPostgres({
        tls: "on",
        settings: { ssl_min_protocol_version: "TLSv1", ssl_max_protocol_version: "TLSv1.1" },
      });
      try {
        expect(await attempt({ server: old, connection: { tls: { mode: "prefer" } } })).toMatch(
          /^28000: hoop: the target offers TLS, and then it did not come about: /,
        );
        expect(await attempt({ server: old, connection: { tls: { mode: "disable" } } })).toBe("postgres app");
      } finally {
        await old.stop();
      }
    });

    it("prefer takes a target without TLS as it is; what is stricter does not", async () => {
      expect(await attempt({ server, connection: { tls: { mode: "prefer" } } })).toBe("postgres app");
      for (const mode of ["require", "verify-ca", "verify-full"] as const)
        expect(await attempt({ server, connection: { tls: { mode } } })).toMatch(
          /^57P03: hoop: the target offers no TLS, and the connection's mode is /,
        );
    });
  });

  it("does not hang on a target that answers with nonsense, too much or nothing", async () => {
    const answers = [
      Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
      Buffer.from("S and more"),
      Buffer.from("R\x7f\xff\xff\xff"),
      null,
    ];
    for (const answer of answers) {
      const liar = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => answer !== null && socket.write(answer));
      });
      await new Promise<void>((resolve) => liar.listen(0, "127.0.0.1", resolve));
      const { port } = liar.address() as { port: number };
      for (const mode of ["disable", "require"] as const) {
        const limits = { maxFrame: 1 << 20, maxQueued: 1 << 20, handshakeMs: 500 };
        const through = await servePostgresThrough({
          server: { ...server, port },
          init: { limits },
          connection: { tls: { mode } },
        });
        const client = await RawPostgres.open(through, null);
        client.send(encodeStartup([["user", "ada"]]));
        expect(types(await client.until("none"))).toBe("E");
        await through.stop();
      }
      liar.close();
    }
  });
});
