import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeQuery } from "../../src/protocols/postgres/codec/frontend.js";
import { encodeStartup } from "../../src/protocols/postgres/codec/startup.js";
import { runClient, until } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { field, RawPostgres, types } from "../support/raw-postgres.js";

const MiB = 1024 * 1024;
const programs = ["gateway", "agent", "tunnel"] as const;

/** "Bad input: a clear error, bounded memory, the others untouched." */
describe("limits", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  /** Lives through all of it. */
  let witness: pg.Client;
  beforeAll(async () => {
    target = await startPostgres({ version: 15, settings: { max_connections: "300" }, sql: "create table t (a text)" });
    hoop = await startHoop({ target, gateway: { HOOP_HANDSHAKE_MS: "20000" } });
    witness = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    await witness.connect();
    await witness.query("create temp table mine as select 'the same session' as word");
  });
  afterAll(async () => {
    await witness?.end().catch(() => {});
    await hoop?.stop();
    await target?.stop();
  });

  const address = () => ({ host: hoop.host, port: hoop.port });

  /** Resident memory of a process in bytes. */
  function resident(pid: number): number {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
  }
  const memory = () =>
    Object.fromEntries(programs.map((name) => [name, resident(hoop[name]!.pid)])) as Record<
      (typeof programs)[number],
      number
    >;

  async function expectOthersUntouched(): Promise<void> {
    expect((await witness.query("select word from mine")).rows).toEqual([{ word: "the same session" }]);
    const done = await runClient("psql", ["-X", "-At", "-c", "select 'new'"], { env: hoop.clientEnv() });
    expect(done).toMatchObject({ code: 0, stdout: "new\n" });
  }

  async function openSocket(): Promise<Socket> {
    const socket = connect(address());
    socket.on("error", () => {});
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return socket;
  }
  const closed = (socket: Socket, ms: number) =>
    new Promise<boolean>((resolve) => {
      if (socket.destroyed) return resolve(true);
      socket.resume();
      const timer = setTimeout(() => resolve(false), ms);
      socket.once("close", () => {
        clearTimeout(timer);
        resolve(true);
      });
    });

  it.each([
    ["a select", "select repeat('x', 1000) from generate_series(1, 1100000)"],
    ["a COPY", "copy (select repeat('x', 1000) from generate_series(1, 1100000)) to stdout"],
  ])("a reader that stalls with 1 GB pending costs little memory, and nobody else anything: %s", async (name, sql) => {
    await expectOthersUntouched();
    const before = memory();
    const raw = await RawPostgres.open(address(), { database: "app" });
    raw.socket.pause();
    raw.send(encodeQuery(sql));
    const peak = { ...before };
    for (let tick = 0; tick < 40; tick++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const now = memory();
      for (const program of programs) peak[program] = Math.max(peak[program], now[program]);
      if (tick % 10 === 0) await expectOthersUntouched();
    }
    // It really waits for us: the target could not get rid of its rows.
    const event = "select wait_event from pg_stat_activity where query like '%1100000%' and pid <> pg_backend_pid()";
    await until("the target waits for us", async () => {
      const { rows } = await target.query(event);
      return rows.length === 1 && rows[0].wait_event === "ClientWrite";
    });
    const settled = memory();
    for (const program of programs) peak[program] = Math.max(peak[program], settled[program]);
    for (const program of programs) {
      const grown = (peak[program] - before[program]) / MiB;
      console.log(`${name}: ${program} grew by ${grown.toFixed(1)} MiB to ${(peak[program] / MiB).toFixed(0)} MiB`);
      expect(grown, program).toBeLessThan(64);
    }
    raw.close();
    await until(
      "the target's statement is over",
      async () =>
        (
          await target.query(
            "select 1 from pg_stat_activity where query like '%1100000%' and state = 'active' and pid <> pg_backend_pid()",
          )
        ).rows.length === 0,
    );
    await expectOthersUntouched();
  });

  it("silent clients are let go after the handshake's deadline, and block nobody", async () => {
    const silent = await Promise.all(Array.from({ length: 60 }, openSocket));
    const half = await Promise.all(Array.from({ length: 20 }, openSocket));
    for (const socket of half) socket.write(encodeStartup([["user", "x"]]).subarray(0, 9));
    await expectOthersUntouched();
    expect(await Promise.all([...silent, ...half].map((socket) => closed(socket, 60_000)))).not.toContain(false);
    await expectOthersUntouched();
  });

  it("a port scan and clients that leave at once harm nobody", async () => {
    for (let round = 0; round < 3; round++) {
      const sockets = await Promise.all(Array.from({ length: 60 }, openSocket));
      for (const [n, socket] of sockets.entries()) {
        if (n % 3 === 0) socket.destroy();
        else if (n % 3 === 1) socket.resetAndDestroy();
        else socket.end(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
      }
    }
    await expectOthersUntouched();
  });

  it("two hundred clients at once get their own right answers", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const client = new pg.Client({ ...address(), user: "x", database: "app", connectionTimeoutMillis: 100_000 });
        client.on("error", () => {});
        await client.connect();
        const { rows } = await client.query("select $1::int as n, pg_backend_pid() as pid", [n]);
        await client.end();
        return rows[0] as { n: number; pid: number };
      }),
    );
    expect(answers.map(({ n }) => n)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    await expectOthersUntouched();
  });

  const lengthOf = (type: string, length: number, body = Buffer.alloc(0)) => {
    const head = Buffer.alloc(5);
    head.write(type, 0, "latin1");
    head.writeUInt32BE(length, 1);
    return Buffer.concat([head, body]);
  };
  const first = (length: number, rest: Buffer = Buffer.alloc(0)) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    return Buffer.concat([head, rest]);
  };

  it.each<[string, Buffer]>([
    ["a startup packet of 1 GB", first(1 << 30, Buffer.alloc(64, "a"))],
    ["a startup packet of 4 GB", first(0xffffffff, Buffer.alloc(64))],
    ["a startup packet of nothing", first(4)],
    ["a startup packet without an end", first(20, Buffer.from("\0\x03\0\0user\0aaaaaaa"))],
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: pg.hoop\r\n\r\n")],
    ["protocol 1.0", first(8, Buffer.from([0, 1, 0, 0]))],
    ["a cancel request of the wrong length", first(12, Buffer.from([4, 210, 22, 46, 0, 0, 0, 0]))],
    ["noise", Buffer.from(Array.from({ length: 4000 }, (_, n) => (n * 7919) % 251))],
  ])("%s in place of a greeting ends that connection alone", async (_, bytes) => {
    const socket = await openSocket();
    socket.write(bytes);
    expect(await closed(socket, 60_000)).toBe(true);
    await expectOthersUntouched();
  });

  it.each<[string, Buffer]>([
    ["an unknown message", lengthOf("z", 4)],
    ["a length below itself", lengthOf("Q", 3)],
    ["a length of 2 GB that nothing follows", lengthOf("B", 0x7fffffff, Buffer.alloc(100))],
    ["a negative length", lengthOf("Q", 0x80000001)],
    ["a Bind that counts more than it holds", lengthOf("B", 4 + 6, Buffer.from([0, 0, 0xff, 0xff, 0xff, 0xff]))],
    ["a Query without an end", lengthOf("Q", 4 + 3, Buffer.from("abc"))],
    ["a Describe of nothing", lengthOf("D", 4)],
    ["a password that nobody asked for", lengthOf("p", 4 + 3, Buffer.from("pw\0"))],
  ])("%s in a session gets an error, and ends at most that session", async (_, bytes) => {
    const raw = await RawPostgres.open(address(), { database: "app" });
    raw.send(bytes, lengthOf("S", 4));
    const messages = await raw.until("E", 10_000).catch(() => []);
    if (types(messages).endsWith("E")) expect(field(messages, "M")).toBeTruthy();
    else {
      // What announces 2 GB and sends nothing cannot be answered before it is here: it waits, at no cost.
      expect(raw.closed).toBe(false);
    }
    raw.close();
    await expectOthersUntouched();
  });

  describe("hostile SQL", () => {
    let raw: RawPostgres;
    beforeAll(async () => {
      raw = await RawPostgres.open(address(), { database: "app" });
    });
    afterAll(() => raw?.close());

    const answer = async (sql: string, ms = 120_000) => {
      raw.send(encodeQuery(sql));
      return raw.until("Z", ms);
    };

    it.each<[string, string]>([
      ["a sum of 60,000 terms", `select ${"1+".repeat(60_000)}1`],
      ["parentheses 100,000 deep", `select ${"(".repeat(100_000)}1${")".repeat(100_000)}`],
      ["sub-selects 20,000 deep", `select ${"(select ".repeat(20_000)}1${")".repeat(20_000)}`],
      ["a CASE 30,000 deep", `select ${"case when true then ".repeat(30_000)}1${" end".repeat(30_000)}`],
      ["a NOT chain", `select ${"not ".repeat(100_000)}true`],
    ])("%s is refused or answered, and the session lives", async (_, sql) => {
      const messages = await answer(sql);
      const told = types(messages);
      expect(told.endsWith("Z")).toBe(true);
      if (told.includes("E")) expect(field(messages, "M")).toMatch(/hoop: |stack depth|memory exhausted/);
      expect(types(await answer("select 1"))).toBe("TDCZ");
      await expectOthersUntouched();
    });

    it("text behind a NUL is refused: target and gateway would read different statements", async () => {
      raw.send(lengthOf("Q", 4 + 23, Buffer.from("select 1\0; drop table t")), lengthOf("S", 4));
      const messages = await raw.until("E");
      expect(types(messages).endsWith("E")).toBe(true);
      expect((await target.query("select count(*)::int as n from pg_class where relname = 't'")).rows[0].n).toBe(1);
      raw.close();
      raw = await RawPostgres.open(address(), { database: "app" });
    });

    it("a literal of 50 MB works under default limits", async () => {
      const before = resident(hoop.gateway.pid);
      const messages = await answer(`select length('${"x".repeat(50 * MiB)}')`);
      expect(types(messages)).toBe("TDCZ");
      console.log(
        `a literal of 50 MB: the gateway went from ${(before / MiB).toFixed(0)} to ${(resident(hoop.gateway.pid) / MiB).toFixed(0)} MiB`,
      );
      await expectOthersUntouched();
    });

    it("a statement beyond the limit gets a clear error, and the session lives", async () => {
      const size = 129 * MiB;
      raw.send(lengthOf("Q", 4 + size));
      const piece = Buffer.alloc(MiB, "x");
      for (let sent = 0; sent < size; sent += MiB)
        if (!raw.socket.write(piece)) await new Promise((resolve) => raw.socket.once("drain", resolve));
      const messages = await raw.until("Z", 120_000);
      expect(field(messages, "C")).toBe("54000");
      expect(field(messages, "M")).toMatch(/longer than this gateway reads/);
      expect(types(await answer("select 1"))).toBe("TDCZ");
    });
  });

  it("a statement of 20 MB is written down whole", async () => {
    const statement = `insert into t select '${"y".repeat(20 * MiB)}' as "the large one"`;
    await witness.query(statement);
    const audit = await hoop.verifyAudit();
    // The text lies aside, sealed; the entry holds its length and what proves its content.
    expect(audit).toMatch(new RegExp(`payload.{70,90}bytes.{1,4}:${statement.length}\\b`));
    await expectOthersUntouched();
  });
});
