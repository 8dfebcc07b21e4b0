import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeFlush,
  encodeParse,
  encodeQuery,
  encodeSync,
} from "../../src/protocols/postgres/codec/frontend.js";
import { encodeCancelRequest, encodeStartup } from "../../src/protocols/postgres/codec/startup.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import {
  type Say,
  servePostgresThrough,
  type Through,
  type ThroughOptions,
  testFacts,
} from "../support/postgres-through.js";
import { cells, field, RawPostgres, types } from "../support/raw-postgres.js";

/** A Parse, Bind and Execute of the unnamed ones. */
const run = (sql: string, ...values: string[]): Buffer[] => [
  encodeParse("", sql),
  encodeBind(
    "",
    "",
    values.map((value) => Buffer.from(value)),
  ),
  encodeExecute(""),
];

describe("a session before a real server", () => {
  let server: PostgresServer;
  let through: Through;
  let say: (text: string, phase: string) => Say;
  beforeAll(async () => {
    server = await startPostgres({
      sql: "create table t (a int primary key); create schema other; create table other.t (a int); insert into other.t values (42)",
    });
  });
  afterAll(async () => server.stop());
  const open = async (options: Partial<ThroughOptions> = {}) => {
    through = await servePostgresThrough({ server, judge: (ask) => say(ask.text, ask.phase), ...options });
  };
  beforeEach(async () => {
    say = (text) =>
      /drop|forbidden/.test(text) ? { deny: "dropping is not allowed" } : { allow: true, analysis: testFacts(text) };
    await server.query("truncate t");
    await open();
  });
  afterEach(async () => through.stop());
  const connect = (parameters: Record<string, string> = {}) => RawPostgres.open(through, parameters);
  const runs = async (sql: string): Promise<boolean> =>
    (await server.query(`select 1 from pg_stat_activity where query = '${sql}' and state = 'active'`)).rows.length > 0;

  describe("denials", () => {
    it("answers a query with its reason, and the next one works", async () => {
      const client = await connect();
      const refused = await client.query("drop table t");
      expect(types(refused)).toBe("EZ");
      expect(field(refused, "C")).toBe("42501");
      expect(field(refused, "M")).toBe("hoop: dropping is not allowed");
      expect(cells(await client.query("select 1"))).toEqual([["1"]]);
      client.close();
    });

    it("keeps the transaction's own status", async () => {
      const client = await connect();
      await client.query("begin");
      const refused = await client.query("drop table t");
      expect(refused.at(-1)!.body.toString()).toBe("T");
      await client.query("insert into t values (1)");
      await client.query("commit");
      expect((await server.query("select * from t")).rows).toHaveLength(1);
      client.close();
    });

    it("keeps its place among pipelined queries", async () => {
      const client = await connect();
      client.send(encodeQuery("select 1"), encodeQuery("drop table t"), encodeQuery("select 2"));
      const all = [...(await client.until("Z")), ...(await client.until("Z")), ...(await client.until("Z"))];
      expect(types(all)).toBe("TDCZEZTDCZ");
      client.close();
    });

    it("discards up to Sync and takes back what ran before in the pipeline", async () => {
      const client = await connect();
      client.send(
        ...run("insert into t values (1)"),
        ...run("drop table t"),
        ...run("insert into t values (2)"),
        encodeSync(),
      );
      const replies = await client.until("Z");
      expect(types(replies)).toBe("12CEZ");
      expect(field(replies, "M")).toBe("hoop: dropping is not allowed");
      expect((await server.query("select * from t")).rows).toEqual([]);
      client.send(...run("insert into t values (3)"), encodeSync());
      expect(types(await client.until("Z"))).toBe("12CZ");
      expect((await server.query("select a from t")).rows).toEqual([{ a: 3 }]);
      client.close();
    });

    it("fails the transaction that a pipeline had written in, as an error would", async () => {
      const client = await connect();
      await client.query("begin");
      client.send(...run("insert into t values (1)"), ...run("drop table t"), encodeSync());
      const replies = await client.until("Z");
      expect(types(replies)).toBe("12CEZ");
      expect(replies.at(-1)!.body.toString()).toBe("E");
      client.close();
    });

    it("refuses a query behind an unfinished pipeline", async () => {
      const client = await connect();
      client.send(...run("insert into t values (1)"), encodeQuery("drop table t"), encodeQuery("select 5"));
      const all = [...(await client.until("Z")), ...(await client.until("Z"))];
      expect(types(all)).toBe("12CEZTDCZ");
      expect((await server.query("select * from t")).rows).toEqual([]);
      client.close();
    });

    it("shows only the first error of a pipeline", async () => {
      const client = await connect();
      client.send(...run("select 1/0"), ...run("drop table t"), encodeSync(), encodeQuery("select 1"));
      const all = [...(await client.until("Z")), ...(await client.until("Z"))];
      expect(types(all)).toBe("1EZTDCZ");
      expect(field(all, "C")).toBe("22012");
      client.close();
    });
  });

  describe("names", () => {
    it("judges a prepared statement again with its own text", async () => {
      const client = await connect();
      client.send(encodeParse("s", "select 7"), encodeSync());
      await client.until("Z");
      say = (_text, phase) => (phase === "execute" ? { deny: "not any more" } : { allow: true });
      client.send(encodeBind("", "s"), encodeExecute(""), encodeSync());
      expect(types(await client.until("Z"))).toBe("EZ");
      expect(through.asks.at(-1)).toMatchObject({ phase: "execute", text: "select 7" });
      client.close();
    });

    it("is not fooled by a Parse that fails because the name is taken", async () => {
      const client = await connect();
      client.send(encodeParse("s", "select 'first'"), encodeSync());
      await client.until("Z");
      client.send(
        encodeParse("s", "select 'second'"),
        encodeSync(),
        encodeBind("", "s"),
        encodeExecute(""),
        encodeSync(),
      );
      const replies = [...(await client.until("Z")), ...(await client.until("Z"))];
      expect(types(replies)).toBe("EZ2DCZ");
      expect(cells(replies)).toEqual([["first"]]);
      expect(through.asks.at(-1)!.text).toBe("select 'first'");
      client.close();
    });

    it("forgets a statement that SQL took away, and knows what PREPARE made", async () => {
      const client = await connect();
      client.send(encodeParse("s", "select 1"), encodeSync());
      await client.until("Z");
      await client.query("deallocate s; prepare s as select 'another'");
      client.send(encodeBind("", "s"), encodeExecute(""), encodeSync());
      const replies = await client.until("Z");
      expect(types(replies)).toBe("EZ");
      expect(field(replies, "C")).toBe("26000");
      expect(cells(await client.query("execute s"))).toEqual([["another"]]);
      expect(through.asks.at(-1)!.context.prepared?.get("s")).toMatch(/prepare s as select 'another'/);
      client.close();
    });

    it("is not fooled by a cursor declared under a portal's name", async () => {
      const client = await connect();
      await client.query("begin");
      client.send(encodeParse("", "select 'judged' from generate_series(1, 3)"), encodeBind("p", ""), encodeFlush());
      await client.until("2");
      await client.query("close p; declare p cursor for select 'not judged'");
      client.send(encodeExecute("p"), encodeSync());
      const replies = await client.until("Z");
      expect(field(replies, "C")).toBe("34000");
      expect(cells(replies)).toEqual([]);
      client.close();
    });

    it("goes on with a suspended portal while other statements run", async () => {
      const client = await connect();
      await client.query("begin");
      const some = Buffer.from(encodeExecute("p"));
      some.writeInt32BE(2, some.length - 4);
      client.send(encodeParse("", "select * from generate_series(1, 5)"), encodeBind("p", ""), some, encodeFlush());
      expect(cells(await client.until("s"))).toEqual([["1"], ["2"]]);
      await client.query("select 1");
      client.send(some, encodeSync());
      const more = await client.until("Z");
      expect(types(more)).toBe("DDsZ");
      expect(cells(more)).toEqual([["3"], ["4"]]);
      const asks = through.asks.length;
      through.order({ kind: "rejudge" });
      client.send(some, encodeSync());
      expect(cells(await client.until("Z"))).toEqual([["5"]]);
      expect(through.asks.length).toBe(asks + 1);
      client.close();
    });
  });

  describe("context", () => {
    it("tells the search path and role that a statement will meet", async () => {
      const client = await connect();
      await client.query("set search_path = other");
      expect(cells(await client.query("select a from t"))).toEqual([["42"]]);
      expect(through.asks.at(-1)!.context.searchPath).toBe("other");
      await client.query("begin");
      await client.query("set local search_path = public");
      await client.query("select 1");
      expect(through.asks.at(-1)!.context).toMatchObject({ searchPath: "public", transaction: "open" });
      await client.query("rollback");
      await client.query("select 1");
      expect(through.asks.at(-1)!.context).toMatchObject({ searchPath: "other", transaction: "idle" });
      await server.query("drop role if exists reader; create role reader");
      await client.query("set role reader");
      await client.query("select 1");
      expect(through.asks.at(-1)!.context.role).toBe("reader");
      client.close();
    });

    it("learns it in the middle of a pipeline without committing it", async () => {
      const client = await connect();
      client.send(
        ...run("insert into t values (1)"),
        ...run("set search_path = other"),
        ...run("select a from t"),
        ...run("select 1/0"),
        encodeSync(),
      );
      const replies = await client.until("Z");
      expect(types(replies)).toBe("12C12C12DC1EZ");
      expect(through.asks.filter(({ text }) => text === "select a from t")[0]!.context.searchPath).toBe("other");
      expect((await server.query("select * from t")).rows).toEqual([]);
      client.close();
    });

    it("takes a savepoint's rollback into account", async () => {
      const client = await connect();
      await client.query("begin");
      await client.query("savepoint s");
      await client.query("set search_path = other");
      await client.query("select 1");
      expect(through.asks.at(-1)!.context.searchPath).toBe("other");
      await client.query("rollback to s");
      await client.query("select 2");
      expect(through.asks.at(-1)!.context.searchPath).toBe('"$user", public');
      client.close();
    });

    it("knows the startup options", async () => {
      const client = await connect({ options: "-c search_path=other" });
      expect(cells(await client.query("select a from t"))).toEqual([["42"]]);
      expect(through.asks.at(-1)!.context.searchPath).toBe("other");
      client.close();
    });

    it("does not take the first snapshot of a transaction", async () => {
      const client = await connect();
      await client.query("begin");
      await client.query("set local search_path = other");
      expect(types(await client.query("set transaction isolation level serializable"))).toBe("CZ");
      client.close();
    });

    it("refuses what cannot be read safely", async () => {
      const client = await connect();
      await client.query("set standard_conforming_strings = off");
      expect(field(await client.query("select 1"), "M")).toMatch(/standard_conforming_strings/);
      client.close();
      const other = await connect();
      await other.query("set client_encoding = 'SJIS'");
      expect(field(await other.query("select 1"), "M")).toMatch(/SJIS/);
      other.close();
      const early = await RawPostgres.open(through, null);
      early.send(
        encodeStartup([
          ["user", "ada"],
          ["client_encoding", "big5"],
        ]),
      );
      expect(field(await early.until("none"), "M")).toMatch(/big5/);
    });
  });

  describe("orders", () => {
    it("shows a notice between messages", async () => {
      const client = await connect();
      through.order({ kind: "notice", text: "a colleague looks at this" });
      expect(field(await client.until("N"), "M", "N")).toBe("hoop: a colleague looks at this");
      client.close();
    });

    it("ends with a reason that the client can read, and stops what runs", async () => {
      const client = await connect();
      client.send(encodeQuery("select pg_sleep(30)"));
      await until(() => runs("select pg_sleep(30)"));
      through.order({ kind: "end", reason: { code: "revoked", text: "your access was revoked" } });
      const last = await client.until("none");
      expect(field(last, "C")).toBe("57P01");
      expect(field(last, "M")).toBe("hoop: your access was revoked");
      await until(async () => !(await runs("select pg_sleep(30)")));
    });

    it("cancels what is held, and lets go of the ask", async () => {
      say = () => ({ later: () => {} });
      const client = await connect();
      client.send(encodeQuery("select 1"));
      await until(async () => through.asks.length === 1);
      through.order({ kind: "cancel" });
      expect(field(await client.until("Z"), "C")).toBe("57014");
      expect(through.withdrawn).toHaveLength(1);
      client.close();
    });

    it("holds an order of replies behind an open ask and goes on after the answer", async () => {
      let answer: (say: Say) => void = () => {};
      say = (text) => (text === "select 2" ? { later: (done) => (answer = done) } : { allow: true });
      const client = await connect();
      client.send(encodeQuery("select 1"), encodeQuery("select 2"), encodeQuery("select 3"));
      expect(cells(await client.until("Z"))).toEqual([["1"]]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(client.rest()).toEqual([]);
      answer({ allow: true });
      expect(cells([...(await client.until("Z")), ...(await client.until("Z"))])).toEqual([["2"], ["3"]]);
      client.close();
    });
  });

  describe("cancel requests", () => {
    it("finds its session by the key that the gateway gave, and is silent for any other", async () => {
      const client = await RawPostgres.open(through, null);
      client.send(startup());
      const greeting = await client.until("Z");
      const data = greeting.find(({ type }) => type === "K")!.body;
      const [processId, secret] = [data.readUInt32BE(0), data.subarray(4)];
      client.send(encodeQuery("select pg_sleep(20)"));
      await until(() => runs("select pg_sleep(20)"));
      for (const wrong of [Buffer.alloc(4), Buffer.alloc(32, 1)]) {
        const other = await RawPostgres.open(through, null);
        other.send(encodeCancelRequest(processId, wrong));
        expect(await other.until("none")).toEqual([]);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(client.rest()).toEqual([]);
      const canceller = await RawPostgres.open(through, null);
      canceller.send(encodeCancelRequest(processId, secret));
      expect(await canceller.until("none")).toEqual([]);
      expect(field(await client.until("Z"), "C")).toBe("57014");
      expect(cells(await client.query("select 1"))).toEqual([["1"]]);
      client.close();
    });

    it("stops what runs when the client is gone", async () => {
      const client = await connect();
      client.send(encodeQuery("select pg_sleep(31)"));
      await until(() => runs("select pg_sleep(31)"));
      client.close();
      await until(async () => !(await runs("select pg_sleep(31)")));
    });
  });

  it("runs a hundred statements in one pipeline", async () => {
    const client = await connect();
    const frames = Array.from({ length: 100 }, (_, i) => run(`insert into t values (${i})`)).flat();
    client.send(...frames, encodeSync());
    expect(types(await client.until("Z"))).toBe(`${"12C".repeat(100)}Z`);
    expect((await server.query("select count(*)::int as n from t")).rows).toEqual([{ n: 100 }]);
    client.close();
  });

  it("describes and closes, flushes without Sync, and keeps names apart", async () => {
    const client = await connect();
    client.send(encodeParse("s", "select $1::int as n"), encodeDescribe("statement", "s"), encodeFlush());
    expect(types(await client.until("T"))).toBe("1tT");
    client.send(
      encodeBind("", "s", [Buffer.from("5")]),
      encodeDescribe("portal", ""),
      encodeExecute(""),
      encodeExecute(""),
      encodeClose("statement", "s"),
      encodeSync(),
    );
    expect(types(await client.until("Z"))).toBe("2TDCC3Z");
    expect(through.asks.at(-1)!.values!.map((value) => Buffer.from(value!).toString())).toEqual(["5"]);
    client.close();
  });

  it("notes rows, tag and errors of each statement", async () => {
    const client = await connect();
    await client.query("select * from generate_series(1, 10)");
    await client.query("select 1/0");
    const finished = through.notes.filter((note) => note.kind === "finished");
    expect(finished[0]).toMatchObject({ outcome: "ok", rows: 10, tag: "SELECT 10", maskedCells: 0 });
    expect(finished[1]).toMatchObject({ outcome: "error", error: { code: "22012", text: "division by zero" } });
    client.close();
  });

  it("refuses a statement longer than its limit and lives on", async () => {
    await through.stop();
    await open({ init: { limits: { maxFrame: 10_000, maxQueued: 1_000_000, handshakeMs: 5_000 } } });
    const client = await connect();
    expect(field(await client.query(`select '${"x".repeat(20_000)}'`), "C")).toBe("54000");
    expect(cells(await client.query("select 1"))).toEqual([["1"]]);
    client.close();
  });
});

function startup(): Buffer {
  const body = Buffer.from("\0\x03\0\x02user\0ada\0\0", "latin1");
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  await expect.poll(condition).toBe(true);
}
