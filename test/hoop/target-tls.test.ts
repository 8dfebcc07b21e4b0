import { type ChildProcess, execFile } from "node:child_process";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeQuery } from "../../src/protocols/postgres/codec/frontend.js";
import { encodeCancelRequest, encodeSslRequest, encodeStartup } from "../../src/protocols/postgres/codec/startup.js";
import { until } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { cells, field, RawPostgres } from "../support/raw-postgres.js";

const startup = encodeStartup([
  ["user", "ada"],
  ["database", "app"],
]);

/** The target takes nothing over TCP but TLS. A cancel goes there on a connection of its own: encrypted as the session is. */
describe("a target that speaks nothing but TLS", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let wire: Server;
  /** What each connection to the target began with, as whoever listens on the way reads it. */
  const beginnings: Buffer[] = [];
  const places = new Map<string, { readonly host: string; readonly port: number }>();
  beforeAll(async () => {
    target = await startPostgres({ version: 15, tls: "required", settings: { log_connections: "on" } });
    const ca = join(target.folder, "ca.crt");
    // PostgreSQL itself would take a cancel in clear: only the wire tells how it came.
    wire = createServer((near) => {
      const far = connect(target.port, target.host);
      const mine = beginnings.push(Buffer.alloc(0)) - 1;
      near.on("data", (chunk: Buffer) => {
        beginnings[mine] = Buffer.concat([beginnings[mine]!, chunk]).subarray(0, 64);
      });
      for (const socket of [near, far]) socket.on("error", () => {}).setNoDelay(true);
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => wire.listen(0, "127.0.0.1", resolve));
    const { port } = wire.address() as AddressInfo;
    hoop = await startHoop({ target: { ...target, port }, connection: ["--tls", "verify-full", "--tls-ca", ca] });
    const more: Readonly<Record<string, readonly string[]>> = {
      require: ["--agent", "site", "--tls", "require"],
      prefer: ["--agent", "site", "--tls", "prefer"],
      near: ["--agent", "none", "--tls", "verify-ca", "--tls-ca", ca],
    };
    for (const [name, flags] of Object.entries(more)) {
      const place = ["--host", target.host, "--port", String(port), "--user", target.user];
      await hoop.hoop(
        "admin",
        ["connections", "add", name, ...place, "--target", "database=app", "--password-stdin", ...flags],
        target.password,
      );
    }
    for (const name of ["pg", ...Object.keys(more)]) places.set(name, await hoop.place(name));
  });
  afterAll(async () => {
    await hoop?.stop();
    wire?.close();
    await target?.stop();
  });

  const running = async (sql: string): Promise<number> =>
    (
      await target.query(
        `select pid from pg_stat_activity where state = 'active' and query like '%${sql}%' and pid <> pg_backend_pid()`,
      )
    ).rows.length;
  const encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";

  it.each([
    ["pg", "disable"],
    ["pg", "require"],
    ["require", "disable"],
    ["prefer", "disable"],
    ["near", "require"],
  ])("%s: Ctrl-C in psql (sslmode=%s) ends the statement there, and not the session", async (name, mode) => {
    const place = places.get(name)!;
    // In a terminal of its own: elsewhere psql ends with the interrupt.
    const terminal = "import os, pty; pty.spawn(['sh', '-c', 'echo process $$; exec psql -X -At -P pager=off'])";
    const env = hoop.clientEnv({ PGHOST: place.host, PGPORT: String(place.port), PGSSLMODE: mode, TERM: "dumb" });
    const child: ChildProcess = execFile("python3", ["-c", terminal], { env });
    let seen = "";
    child.stdout!.on("data", (chunk: string) => (seen += chunk));
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.stdin!.write(`select pg_backend_pid() as before \\gset\n${encrypted};\nselect pg_sleep(41);\n`);
    await until("the statement runs", () => running("pg_sleep(41)"));
    process.kill(Number(/process (\d+)/.exec(seen)![1]), "SIGINT");
    await until("the statement is cancelled", () => seen.includes("canceling statement"));
    await until("the statement is gone", async () => (await running("pg_sleep(41)")) === 0);
    child.stdin!.write("select 'the same: ' || (pg_backend_pid() = :before);\n\\q\n");
    await exited;
    expect(seen).toMatch(/ERROR: {2}canceling statement due to user request/);
    expect(seen).toMatch(/^t\r?$/m);
    expect(seen).toContain("the same: true");
  });

  /** A session that sleeps, and its key. */
  async function sleeper(seconds: number): Promise<{ client: RawPostgres; processId: number; secret: Buffer }> {
    const client = await RawPostgres.open(places.get("pg")!, null);
    client.send(startup);
    const key = (await client.until("Z")).find(({ type }) => type === "K")!.body;
    client.send(encodeQuery(`select pg_sleep(${seconds})`));
    await until("the statement runs", () => running(`pg_sleep(${seconds})`));
    return { client, processId: key.readUInt32BE(0), secret: key.subarray(4) };
  }

  /** A cancel request as newer clients send it: encrypted. Resolves when it was answered, which is by closing. */
  async function cancelEncrypted(processId: number, secret: Buffer): Promise<Buffer> {
    const plain = await RawPostgres.open(places.get("pg")!, null);
    const answer = new Promise<Buffer>((resolve) => plain.socket.once("data", resolve));
    plain.send(encodeSslRequest());
    expect((await answer).toString()).toBe("S");
    plain.socket.removeAllListeners("data");
    const socket = connectTls({ socket: plain.socket, ca: hoop.authority, servername: "pg.hoop" });
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    socket.write(encodeCancelRequest(processId, secret));
    const got: Buffer[] = [];
    for await (const chunk of socket) got.push(chunk as Buffer);
    return Buffer.concat(got);
  }

  it("a cancel request that is encrypted itself arrives, one with a wrong key is met with silence", async () => {
    const { client, processId, secret } = await sleeper(42);
    const wrong = Buffer.from(secret);
    wrong[0]! ^= 1;
    expect(await cancelEncrypted(processId, wrong)).toHaveLength(0);
    expect(await running("pg_sleep(42)")).toBe(1);
    expect(client.rest()).toEqual([]);
    expect(await cancelEncrypted(processId, secret)).toHaveLength(0);
    expect(field(await client.until("Z"), "C")).toBe("57014");
    expect(await running("pg_sleep(42)")).toBe(0);
    expect(cells(await client.query("select 1"))).toEqual([["1"]]);
    client.close();
  });

  it("a client that leaves has its statement stopped there", async () => {
    const { client } = await sleeper(43);
    client.close();
    await until("the statement is gone", async () => (await running("pg_sleep(43)")) === 0);
  });

  it("a session that is killed has its statement stopped there", async () => {
    const { client } = await sleeper(44);
    const open = JSON.parse(await hoop.hoop("admin", ["sessions", "ls", "--open", "--json"])) as readonly {
      id: string;
    }[];
    for (const { id } of open) await hoop.hoop("admin", ["sessions", "kill", id, "--reason", "enough"]);
    expect(field(await client.until("none"), "C")).toBe("57P01");
    await until("the statement is gone", async () => (await running("pg_sleep(44)")) === 0);
  });

  it("nothing of all that went to the target in clear", () => {
    const request = encodeSslRequest();
    const tlsRecord = 0x16;
    // Sessions, and at least one cancel for each test above.
    const spoken = beginnings.filter((bytes) => bytes.length > 0);
    expect(spoken.length).toBeGreaterThan(16);
    for (const bytes of spoken) {
      expect(bytes.subarray(0, request.length)).toEqual(request);
      if (bytes.length > request.length) expect(bytes[request.length]).toBe(tlsRecord);
    }
  });
});
