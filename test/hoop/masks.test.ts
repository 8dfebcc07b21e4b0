import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultPolicy } from "../../src/policy/defaults.js";
import { encodeQuery } from "../../src/protocols/postgres/codec/frontend.js";
import { hasJava, hasPython, jdbcDriver, python, runClient, script } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { cells, field, type RawMessage, RawPostgres, types } from "../support/raw-postgres.js";
import { bypassSlot, bypassSql, hatches, type Trick, tricks } from "./scripts/bypasses.js";

const canary = "zqxcanary";
/** In each form in which bytes can hide it. */
const forms: readonly string[] = [
  canary,
  [...canary].reverse().join(""),
  Buffer.from(canary).toString("hex"),
  // Base64 at each of its three alignments, without the letters that depend on what is around it.
  ...[0, 1, 2].map((shift) =>
    Buffer.from("~".repeat(shift) + canary)
      .toString("base64")
      .slice(shift === 0 ? 0 : shift + 1, -4),
  ),
  [...canary].join("\\0"),
];

function canaryIn(bytes: Buffer): string | null {
  const text = bytes.toString("latin1").toLowerCase();
  const at = forms.map((form) => text.indexOf(form.toLowerCase())).find((found) => found >= 0);
  return at === undefined ? null : text.slice(Math.max(0, at - 60), at + 60);
}

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
};
const message = (type: string, ...parts: (string | Buffer)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(`${part}\0`) : part)));
  const head = Buffer.alloc(5);
  head.write(type, "latin1");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const rows = (count: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(count);
  return bytes;
};
const sync = message("S");
/** Parse, Bind and Execute, without a Describe. */
const extended = (sql: string, format: 0 | 1, limit = 0): Buffer =>
  Buffer.concat([
    message("P", "", sql, word(0)),
    message("B", "", "", word(0), word(0), word(1), word(format)),
    message("E", "", rows(limit)),
  ]);

/** A relay that keeps all that comes back, for clients that cannot be asked what they received. */
interface Capture {
  readonly port: number;
  bytes(): Buffer;
  stop(): Promise<void>;
}

async function capture(to: { host: string; port: number }): Promise<Capture> {
  const kept: Buffer[] = [];
  const server: Server = createServer((socket) => {
    const up = connect(to);
    socket.pipe(up);
    up.on("data", (chunk) => kept.push(chunk));
    up.pipe(socket);
    for (const one of [socket, up]) {
      one.on("error", () => {
        socket.destroy();
        up.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    bytes: () => Buffer.concat(kept),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** "No canary byte of a masked column in anything that a client receives", under the rules of a new Hoop. */
describe("masks and guards of the default rules", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let folder: string;
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql: bypassSql });
    for (const sql of bypassSlot) await target.query(sql);
    hoop = await startHoop({ target, policy: defaultPolicy, groups: ["engineers", "writers"] });
    folder = mkdtempSync(join(tmpdir(), "hoop-masks-"));
  });
  afterAll(async () => {
    if (folder) rmSync(folder, { recursive: true, force: true });
    await hoop?.stop();
    await target?.stop();
  });

  const open = () => RawPostgres.open({ host: hoop.host, port: hoop.port }, { database: "app" });
  const bytesOf = (messages: readonly RawMessage[]) => Buffer.concat(messages.map(({ body }) => body));
  const restore = () =>
    target.query(
      "truncate notes restart identity; insert into notes (text) values ('plain'); update customers set name = 'name ' || id where id = 1; delete from customers where id in (91, 92); select lo_unlink(oid) from pg_largeobject_metadata",
    );

  async function play(trick: Trick, raw: RawPostgres, send: (sql: string) => Buffer): Promise<RawMessage[]> {
    const all: RawMessage[] = [];
    for (const sql of trick.sql) {
      raw.send(send(sql));
      const part = await raw.until("Z", 30_000);
      // COPY … FROM waits for data: there is none.
      if (types(part).includes("G")) raw.send(message("f", "none"));
      all.push(...part);
    }
    raw.send(encodeQuery("select 'lives'"));
    const last = await raw.until("Z", 30_000);
    // In a transaction that an error has failed this fails as well, and the session lives all the same.
    expect(types(last).endsWith("Z"), `after: ${trick.name}`).toBe(true);
    return [...all, ...last, ...raw.rest()];
  }

  it("the canary is there to be found: directly, tricks do show it", async () => {
    const { rows: direct } = await target.query(
      "select email, upper(email) as u, reverse(email) as r, encode(email::bytea, 'hex') as h, encode(email::bytea, 'base64') as b from customers where id = 1",
    );
    for (const value of Object.values(direct[0] as Record<string, string>))
      expect(canaryIn(Buffer.from(value)), value).not.toBeNull();
    expect(tricks.length).toBeGreaterThan(200);
  });

  const ways: readonly (readonly [string, (sql: string) => Buffer])[] = [
    ["simple query", (sql) => encodeQuery(sql)],
    ["extended, text, no Describe", (sql) => Buffer.concat([extended(sql, 0), sync])],
    [
      "extended, binary, two rows at a time",
      (sql) => Buffer.concat([extended(sql, 1, 2), message("E", "", rows(0)), sync]),
    ],
  ];
  it.each(ways)("no trick shows a masked value: %s", { timeout: 180_000 }, async (_, send) => {
    const leaks: string[] = [];
    let answered = 0;
    let raw = await open();
    for (const trick of tricks) {
      const messages = await play(trick, raw, send);
      if (types(messages).indexOf("D") < types(messages).lastIndexOf("D")) answered++;
      // What changes its session gets one of its own.
      if (trick.sql.length > 1 || /^begin/.test(trick.sql[0]!)) {
        raw.close();
        raw = await open();
      }
      const leak = canaryIn(bytesOf(messages));
      if (leak !== null) leaks.push(`${trick.name}\n    -> ${JSON.stringify(leak)}`);
      if (trick.derived) {
        const direct = (await target.query(trick.sql[0]!)).rows.map((row) =>
          Object.values(row as object).map((value) =>
            value === null
              ? null
              : Buffer.isBuffer(value)
                ? `\\x${value.toString("hex")}`
                : value === true
                  ? "t"
                  : value === false
                    ? "f"
                    : String(value),
          ),
        );
        const through = cells(messages).slice(0, -1);
        if (send === ways[0]![1] && JSON.stringify(through) === JSON.stringify(direct))
          leaks.push(
            `${trick.name}\n    -> the value itself in another form: ${JSON.stringify(through).slice(0, 100)}`,
          );
      }
      if (/insert|update|delete|merge|lo_/i.test(trick.name)) await restore();
    }
    raw.close();
    expect(leaks).toEqual([]);
    // Refusing everything would hide everything as well.
    expect(answered).toBeGreaterThan(100);
  });

  it("masks what it shows, and shows the rest as it is", async () => {
    const raw = await open();
    const messages = await raw.query("select id, name, email, card_number, born, level from customers where id = 7");
    expect(cells(messages)).toHaveLength(1);
    const [row] = cells(messages) as [string[]];
    expect([row[0], row[1], row[4], row[5]]).toEqual(["7", "name 7", "2000-01-01", "7"]);
    expect(row[2]).not.toBe("");
    expect(row[2]).not.toContain(canary);
    expect(row[3]).toMatch(/^\D*7777$|\*/);
    raw.close();
  });

  it.each(["simple", "extended", "binary"])(
    "the ways out of every rule are shut, and the session lives: %s",
    { timeout: 120_000 },
    async (how) => {
      const raw = await open();
      const open_: string[] = [];
      for (const sql of hatches) {
        raw.send(how === "simple" ? encodeQuery(sql) : Buffer.concat([extended(sql, how === "binary" ? 1 : 0), sync]));
        const messages = await raw.until("Z", 20_000);
        const refusedByHoop = field(messages, "C") !== undefined && /^hoop: /.test(field(messages, "M") ?? "");
        // An extended Parse holds one statement: the target itself refuses more.
        const refusedByTarget = how !== "simple" && field(messages, "C") === "42601";
        if (!refusedByHoop && !refusedByTarget)
          open_.push(`${sql}  ->  ${types(messages)} ${field(messages, "M") ?? ""}`);
        if (/^begin/.test(sql)) {
          raw.send(encodeQuery("rollback"));
          await raw.until("Z");
        }
      }
      expect(open_).toEqual([]);
      expect(cells(await raw.query("select 'lives'"))).toEqual([["lives"]]);
      raw.close();
      expect(
        (
          await target.query(
            "select (select count(*) from notes)::int as notes, (select count(*) from customers)::int > 100 as customers",
          )
        ).rows,
      ).toEqual([{ notes: 1, customers: true }]);
    },
  );

  describe("through real clients", () => {
    let tap: Capture;
    beforeAll(async () => {
      tap = await capture({ host: hoop.host, port: hoop.port });
    });
    afterAll(() => tap?.stop());
    const env = () => hoop.clientEnv({ PGHOST: "127.0.0.1", PGPORT: String(tap.port) });
    const expectNoCanary = (...texts: string[]) => {
      expect(canaryIn(tap.bytes())).toBeNull();
      expect(tap.bytes().length).toBeGreaterThan(1000);
      for (const text of texts) expect(canaryIn(Buffer.from(text, "latin1"))).toBeNull();
    };

    it("psql, with \\copy, \\gdesc, \\crosstabview, FETCH_COUNT, \\watch and \\d", async () => {
      const text = String.raw`select * from customers order by id limit 3;
\copy customers to stdout csv header
\copy (select email from customers) to stdout
select id, email from customers \gdesc
select id, email, name from customers where id < 3 \crosstabview
\set FETCH_COUNT 10
select email from customers;
\set FETCH_COUNT 0
select format('select %L', email) from customers where id = 1 \gexec
select email as e from customers where id = 1 \gset
\echo :e
\d+ customers
\x
table customers limit 2;
\copy customers to pstdout binary
`;
      const done = await runClient("psql", ["-X", "-a"], { env: env(), input: text, cwd: folder });
      expect(done.stdout).toContain("name 3");
      expectNoCanary(done.stdout, done.stderr);
    });

    it("pg_dump: masked or refused, never in clear", async () => {
      const done = await runClient("pg_dump", ["-t", "customers"], { env: env() });
      expectNoCanary(done.stdout, done.stderr);
    });

    it("pgbench -M prepared, which describes nothing", async () => {
      const bench = script(
        folder,
        "bench.sql",
        "\\set id random(1, 90)\nselect id, email, upper(email), c from customers c where id = :id;\n",
      );
      const done = await runClient("pgbench", ["-n", "-M", "prepared", "-f", bench, "-c", "2", "-t", "40"], {
        env: env(),
      });
      expect(done.stdout).toMatch(/actually processed: 80\/80/);
      expectNoCanary();
    });

    it.skipIf(!hasPython("psycopg"))("psycopg 3, text and binary, server cursors, COPY and pipelines", async () => {
      const done = await runClient(
        python,
        [
          script(
            folder,
            "masks3.py",
            `
import psycopg
with psycopg.connect("") as c:
    for binary in (False, True):
        print(c.execute("select * from customers where id = %s", (3,), binary=binary).fetchone())
        print(c.execute("select array_agg(email), max(email), count(*) from customers", binary=binary).fetchone())
        with c.cursor("s%d" % binary, binary=binary) if not binary else c.cursor("s1") as k:
            k.execute("select id, email from customers order by id", binary=binary); print(len(k.fetchall()))
        for i in range(8): c.execute("select email from customers where id = %s", (i,), prepare=True, binary=binary).fetchall()
        with c.cursor().copy("copy customers to stdout (format %s)" % ("binary" if binary else "text")) as copy: print(sum(len(b) for b in copy))
    with c.pipeline():
        rs = [c.execute("select email, name from customers where id = %s", (i,)) for i in range(1, 30)]
        print(len([r.fetchone() for r in rs]))
    print(c.execute("update customers set name = name where id = 5 returning *").fetchone())
print("done")
`,
          ),
        ],
        { env: env() },
      );
      expect(done.stdout, done.stderr).toContain("done");
      expectNoCanary(done.stdout, done.stderr);
    });

    it.skipIf(!hasPython("asyncpg"))("asyncpg, which reads everything in binary", async () => {
      const done = await runClient(
        python,
        [
          script(
            folder,
            "masks4.py",
            `
import asyncio, asyncpg, io
async def main():
    c = await asyncpg.connect()
    print(tuple(await c.fetchrow("select * from customers where id = $1", 3)))
    print(await c.fetchval("select array_agg(email) from customers"), await c.fetchval("select c from customers c where id = 1"))
    async with c.transaction():
        print(len([r async for r in c.cursor("select email, level from customers", prefetch=7)]))
    o = io.BytesIO(); await c.copy_from_table("customers", output=o, format="binary"); print(len(o.getvalue()))
    await c.close(); print("done")
asyncio.run(main())
`,
          ),
        ],
        { env: env() },
      );
      expect(done.stdout, done.stderr).toContain("done");
      expectNoCanary(done.stdout, done.stderr);
    });

    it.skipIf(!hasJava())("JDBC, past its prepare threshold, with a fetch size, updatable rows and COPY", async () => {
      writeFileSync(
        join(folder, "Masks.java"),
        `import java.sql.*; import java.io.*; import org.postgresql.*;
        public class Masks { public static void main(String[] a) throws Exception {
          try (Connection c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/app?user=x&prepareThreshold=2&sslmode=disable")) {
            PreparedStatement p = c.prepareStatement("select id, email, born, level from customers where id = ?");
            for (int i = 1; i < 12; i++) { p.setInt(1, i); ResultSet r = p.executeQuery(); r.next(); System.out.println(r.getInt(1) + " " + r.getString(2) + " " + r.getInt(4)); }
            c.setAutoCommit(false); Statement s = c.createStatement(); s.setFetchSize(7); ResultSet r = s.executeQuery("select * from customers"); int n = 0; while (r.next()) { n++; System.out.println(r.getString("email")); }
            c.commit(); System.out.println(n);
            StringWriter w = new StringWriter(); c.unwrap(PGConnection.class).getCopyAPI().copyOut("copy customers to stdout", w); System.out.println(w);
            System.out.println("done");
          } } }`,
      );
      const compiled = await runClient("javac", ["-cp", jdbcDriver, "Masks.java"], { env: process.env, cwd: folder });
      expect(compiled.code, compiled.stderr).toBe(0);
      const done = await runClient("java", ["-XX:TieredStopAtLevel=1", "-cp", `${jdbcDriver}:${folder}`, "Masks"], {
        env: env(),
      });
      expect(done.stdout, done.stderr).toContain("done");
      expectNoCanary(done.stdout, done.stderr);
    });
  });

  it("the audit itself shows none, and holds", async () => {
    const audit = await hoop.verifyAudit();
    expect(canaryIn(Buffer.from(audit, "latin1"))).toBeNull();
  });
});
