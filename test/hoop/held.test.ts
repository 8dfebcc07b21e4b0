import { spawn } from "node:child_process";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { encodeBind, encodeExecute, encodeParse, encodeSync } from "../../src/protocols/postgres/codec/frontend.js";
import { hasJava, hasPython, jdbcDriver, python, runClient, script, until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { field, RawPostgres } from "../support/raw-postgres.js";
import { type Reviewer, reviewer } from "../support/reviewer.js";
import { asyncpgHeld, jdbcHeld, psycopgHeld } from "./scripts/held.js";

const policy = `${allowAll}---
apiVersion: hoop/v1
kind: guard
metadata: { name: deletes-need-eyes }
spec:
  on: statements
  when: { relations: { any: [public.orders], access: write } }
  action: hold
  hold: { approvals: { count: 1, groups: [admins] }, expires: 5m }
---
apiVersion: hoop/v1
kind: guard
metadata: { name: short-wait }
spec:
  on: statements
  when: { relations: { any: [public.brief], access: write } }
  action: hold
  hold: { approvals: { groups: [admins] }, expires: 2s, inTransaction: wait }
`;

/** A statement that runs until somebody decides, in a session of its own. */
interface Running {
  readonly client: pg.Client;
  readonly notices: string[];
  readonly end: Promise<{ rows: number } | pg.DatabaseError>;
}

describe("a held statement through the whole of Hoop", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let people: Reviewer;
  beforeAll(async () => {
    target = await startPostgres({
      version: 15,
      sql: "create table orders (id int primary key, note text); create table brief (a int); create table log (line text)",
    });
    hoop = await startHoop({ target, policy });
    people = reviewer(hoop);
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });
  let known: string[] = [];
  beforeEach(async () => {
    known = (await people.list()).map(({ id }) => id);
    await target.query(
      "truncate orders, brief, log; insert into orders select n, 'n' || n from generate_series(1, 10) n; insert into brief values (1)",
    );
  });

  const left = async (): Promise<number> => (await target.query("select count(*)::int as n from orders")).rows[0].n;
  const pending = (): Promise<string> => people.next("pending", known);

  async function connect(): Promise<{ client: pg.Client; notices: string[] }> {
    const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    const notices: string[] = [];
    client.on("notice", (notice) => notices.push(notice.message ?? ""));
    client.on("error", () => {});
    await client.connect();
    return { client, notices };
  }

  async function run(text: string, values?: unknown[]): Promise<Running> {
    const { client, notices } = await connect();
    const end = client.query(text, values).then(
      (result) => ({ rows: result.rowCount ?? 0 }),
      (error: pg.DatabaseError) => error,
    );
    return { client, notices, end };
  }

  it("psql is told at once where, and goes on when somebody else has approved", async () => {
    for (const sslmode of ["disable", "require"]) {
      const child = spawn("psql", ["-X", "-v", "VERBOSITY=verbose", "-c", "delete from orders where id = 1"], {
        env: { ...hoop.clientEnv({ PGSSLMODE: sslmode }), PATH: process.env.PATH },
      });
      let [out, err] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (out += chunk));
      child.stderr.on("data", (chunk: Buffer) => (err += chunk));
      const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
      const id = await pending();
      known.push(id);
      await until("the notice", () => err.includes("/reviews/"));
      expect(err).toMatch(
        new RegExp(
          `NOTICE: {2}00000: hoop: held by rule "deletes-need-eyes": waiting for 1 .*admins.*: https?://[^ ]+/reviews/${id} \\(Ctrl-C withdraws; undecided it ends in \\d+ (?:minutes|hours?|seconds)`,
        ),
      );
      expect(await left()).toBe(sslmode === "disable" ? 10 : 9);
      await people.decide(id, "approve");
      expect(await closed).toBe(0);
      expect(out).toBe(sslmode === "disable" ? "DELETE 1\n" : "DELETE 0\n");
      expect(await people.state(id)).toBe("used");
    }
  });

  it("is refused in words when somebody denies it, and the session goes on", async () => {
    const { client, end } = await run("delete from orders");
    await people.decide(await pending(), "deny", "ask again on Monday");
    expect(await end).toMatchObject({
      code: "42501",
      message: expect.stringMatching(/^hoop: admin denied review .*: ask again on Monday/),
      detail: "Rule: deletes-need-eyes",
      hint: expect.stringContaining("/reviews/"),
    });
    expect((await client.query("select 'on' as word")).rows).toEqual([{ word: "on" }]);
    expect(await left()).toBe(10);
    await client.end();
  });

  it("is refused in words when nobody decides in time", async () => {
    const { client, end } = await run("delete from brief");
    expect(await end).toMatchObject({ code: "42501", message: expect.stringContaining("in time") });
    await client.end();
  });

  it("is withdrawn by Ctrl-C, and by a client that leaves", async () => {
    const child = spawn("psql", ["-X", "-c", "delete from orders", "-c", "select 'still here'"], {
      env: { ...hoop.clientEnv(), PATH: process.env.PATH },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk));
    const closed = new Promise((resolve) => child.once("close", resolve));
    const first = await pending();
    await until("the notice", () => err.includes("/reviews/"));
    child.kill("SIGINT");
    await closed;
    expect(err).toContain("ERROR:  canceling statement due to user request");
    expect(err).toContain(`DETAIL:  Review ${first} is withdrawn.`);
    await until("it is withdrawn", async () => (await people.state(first)) === "withdrawn");

    known.push(first);
    const { client } = await run("delete from orders");
    const second = await pending();
    client.connection.stream.destroy();
    await until("it is withdrawn", async () => (await people.state(second)) === "withdrawn");
    await expect(people.decide(second, "approve")).rejects.toThrow(/409|conflict/);
    expect(await left()).toBe(10);
    expect(out).not.toContain("DELETE");
  });

  it("shows bind values, and what runs is bound to them", async () => {
    const { client, end } = await run("delete from orders where id = $1 and note = $2", [3, "n3"]);
    const id = await pending();
    expect(await people.content(id)).toMatchObject({ values: ["3", "n3"], transaction: [] });
    await people.decide(id, "approve");
    expect(await end).toEqual({ rows: 1 });
    // Used up: the same again is another matter.
    known.push(id);
    void client.query("delete from orders where id = $1 and note = $2", [3, "n3"]).catch(() => {});
    expect(await pending()).not.toBe(id);
    await client.end();
  });

  it("in a transaction that has written is refused with 40001, and the transaction lives", async () => {
    const { client } = await connect();
    await client.query("begin");
    await client.query("insert into log values ('x')");
    await expect(client.query("delete from orders")).rejects.toMatchObject({
      code: "40001",
      message: expect.stringContaining("has written"),
      detail: "Rule: deletes-need-eyes",
    });
    await client.query("commit");
    expect((await target.query("select * from log")).rows).toHaveLength(1);
    await client.end();
  });

  it("in a transaction that has only read waits, with its earlier statements shown", async () => {
    const { client, notices } = await connect();
    await client.query("begin");
    await client.query("select count(*) from orders");
    const end = client.query("delete from orders where id < 3");
    const id = await pending();
    expect((await people.content(id)).transaction).toEqual(["begin", "select count(*) from orders"]);
    await people.decide(id, "approve");
    expect((await end).rowCount).toBe(2);
    await client.query("rollback");
    expect(await left()).toBe(10);
    expect(notices.length).toBeGreaterThan(0);
    await client.end();
  });

  it("is not run when the table was changed while it waited", async () => {
    const { client, end } = await run("delete from orders where id = 5");
    const id = await pending();
    await target.query(
      "create function keep() returns trigger language plpgsql as 'begin return null; end'; create trigger keep before delete on orders for each row execute function keep()",
    );
    await people.decide(id, "approve");
    expect(await end).toMatchObject({ code: "40001", message: expect.stringContaining("has changed") });
    expect(await people.state(id)).toBe("approved");
    await target.query("drop trigger keep on orders; drop function keep");
    await client.end();
  });

  it("PREPARE and Parse do not ask; EXECUTE and Bind do, once", async () => {
    const { client } = await connect();
    await client.query("prepare d as delete from orders where id = $1");
    const first = client.query("execute d(1)");
    const id = await pending();
    known.push(id);
    expect((await people.content(id)).text).toBe("execute d(1)");
    await people.decide(id, "approve");
    expect((await first).rowCount).toBe(1);
    const second = client.query({ name: "named", text: "delete from orders where id = $1", values: [2] });
    const other = await pending();
    await people.decide(other, "approve");
    expect((await second).rowCount).toBe(1);
    expect((await people.list()).filter((one) => ![...known, other].includes(one.id))).toEqual([]);
    await client.end();
  });

  it("what was approved as it was bound does not run after its session has changed what it does", async () => {
    const raw = await RawPostgres.open(hoop, { database: "app" });
    await raw.query(
      "create function aside() returns trigger language plpgsql as 'begin insert into log values (old.note); return old; end'",
    );
    await raw.query("begin");
    raw.send(encodeParse("d", "delete from orders where id = 1"), encodeBind("p", "d"), encodeSync());
    const id = await pending();
    await people.decide(id, "approve");
    await raw.until("Z");
    await raw.query("create trigger aside after delete on orders for each row execute function aside()");
    raw.send(encodeExecute("p"), encodeSync());
    const answer = await raw.until("Z");
    expect(field(answer, "M")).toContain("hoop: ");
    await raw.query("commit");
    raw.close();
    expect(await left()).toBe(10);
    expect((await target.query("select * from log")).rows).toEqual([]);
    await target.query("drop trigger if exists aside on orders; drop function aside");
  });

  it("a gateway that is killed meanwhile: the very same again uses the approval", async () => {
    const { client, end, notices } = await run("delete from orders where id = 7");
    const id = await pending();
    await until("the notice", () => notices.length > 0);
    await hoop.gateway.kill();
    expect(await end).toBeInstanceOf(Error);
    client.connection.stream.destroy();
    await hoop.gateway.start();
    people = reviewer(hoop);
    expect(await people.state(id)).toBe("pending");
    await people.decide(id, "approve");
    const again = await until(
      "a session again",
      () => run("delete from orders where id = 7").catch(() => null),
      30_000,
    );
    expect(await again.end).toEqual({ rows: 1 });
    expect(await people.state(id)).toBe("used");
    await again.client.end();
  });

  it("a gateway that is stopped meanwhile tells the client which review, and that it may come back", async () => {
    const { client, end } = await run("delete from orders where id = 8");
    const id = await pending();
    await hoop.gateway.stop();
    expect(await end).toMatchObject({
      code: "57P01",
      severity: "FATAL",
      detail: expect.stringContaining(id),
      hint: expect.stringContaining("the very same again"),
    });
    client.connection.stream.destroy();
    await hoop.gateway.start();
    people = reviewer(hoop);
    expect(await people.state(id)).toBe("pending");
    const again = await until(
      "a session again",
      () => run("delete from orders where id = 8").catch(() => null),
      30_000,
    );
    await until("it is taken up", () => again.notices.some((text) => text.includes(id)));
    await people.decide(id, "approve");
    expect(await again.end).toEqual({ rows: 1 });
    await again.client.end();
  });

  it("as many as one may have waiting slow down nobody else, and one more is refused in words", async () => {
    const held = await Promise.all(
      Array.from({ length: 20 }, (_, n) => run(`delete from orders where id = ${100 + n}`)),
    );
    await until("all wait", () => held.every(({ notices }) => notices.length > 0), 30_000);
    const { client } = await connect();
    for (let n = 0; n < 20; n++) expect((await client.query("select $1::int as n", [n])).rows).toEqual([{ n }]);
    await expect(client.query("delete from orders where id = 99")).rejects.toMatchObject({
      code: "53000",
      message: expect.stringContaining("this waits for approval, and"),
    });
    for (const one of held) one.client.connection.stream.destroy();
    await until(
      "all are withdrawn",
      async () => (await people.list("pending")).filter(({ id }) => !known.includes(id)).length === 0,
    );
    await client.end();
  });

  describe("other clients", () => {
    /** Approves whatever waits until the client is through. */
    async function approving<T>(client: Promise<T>): Promise<T> {
      let over = false;
      const done = client.finally(() => {
        over = true;
      });
      while (!over) {
        for (const { id } of await people.list("pending")) await people.decide(id, "approve").catch(() => {});
        await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 100))]);
      }
      return done;
    }

    it.runIf(hasPython("psycopg"))("psycopg: a pipeline, a server-side cursor, a COPY", async () => {
      const path = script(hoop.folder, "held.py", psycopgHeld);
      const done = await approving(runClient(python, [path], { env: hoop.clientEnv() }));
      expect(`${done.stderr}${done.stdout}`).toMatch(/done\n$/);
    });

    it.runIf(hasPython("asyncpg"))("asyncpg: binary values are shown as text", async () => {
      const path = script(hoop.folder, "held-async.py", asyncpgHeld);
      const running = runClient(python, [path], { env: hoop.clientEnv() });
      const id = await pending();
      expect((await people.content(id)).values).toEqual(["4", "n4"]);
      const done = await approving(running);
      expect(`${done.stderr}${done.stdout}`).toMatch(/done\n$/);
    });

    it.runIf(hasJava())("JDBC: prepared, batched and simple", async () => {
      const path = script(hoop.folder, "Held.java", jdbcHeld);
      const done = await approving(
        runClient("java", ["-cp", jdbcDriver, path], { env: hoop.clientEnv(), timeoutMs: 120_000 }),
      );
      expect(`${done.stderr}${done.stdout}`).toMatch(/done\n$/);
    });
  });

  // The last one: the tunnel gives its addresses back meanwhile.
  it("revocation ends it in words", async () => {
    const { client, end } = await run("delete from orders");
    const id = await pending();
    await hoop.hoop("admin", ["users", "disable", "ada"]);
    expect(await end).toMatchObject({ code: "57P01", message: expect.stringContaining("disabled") });
    await until("it is withdrawn", async () => (await people.state(id)) === "withdrawn");
    await hoop.hoop("admin", ["users", "enable", "ada"]);
    await hoop.logIn();
    client.connection.stream.destroy();
    // The tunnel hears of the new login a moment later.
    const again = await until("a session again", () => connect().catch(() => null));
    await again.client.end();
  });
});
