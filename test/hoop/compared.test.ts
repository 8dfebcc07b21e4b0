import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { encodeBind, encodeExecute, encodeParse, encodeSync } from "../../src/protocols/postgres/codec/frontend.js";
import { hasJava, hasPython, jdbcDriver, python, runClient, script, until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { field, RawPostgres } from "../support/raw-postgres.js";
import { type Reviewer, reviewer } from "../support/reviewer.js";
import { jdbcCompared, psycopgCompared, psycopgTransaction } from "./scripts/compared.js";

const policy = `${allowAll}---
apiVersion: hoop/v1
kind: guard
metadata: { name: writes-need-eyes }
spec:
  on: statements
  when: { effects: { any: [write] }, relations: { any: [public.person, public.later], access: write } }
  action: hold
  hold: { approvals: { count: 1, groups: [admins] }, expires: 5m, rehearse: true, inTransaction: wait }
`;

const sql = `
create table person (id int primary key, email text, city text);
create table plain (id int primary key);
create table later (id int primary key, a int);
create function lingers() returns trigger language plpgsql as $$ begin while clock_timestamp() < now() + interval '3 seconds' loop null; end loop; return new; end $$;
create trigger lingering before update on later for each row execute function lingers();
`;

/** The run of an approved write is compared with its rehearsal, however a driver sends it. */
describe("an approved write does what its reviewers saw, or nothing", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let people: Reviewer;
  let known: string[] = [];
  const clients: pg.Client[] = [];
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql });
    hoop = await startHoop({ target, policy });
    people = reviewer(hoop);
  });
  afterAll(async () => {
    for (const client of clients) client.connection.stream.destroy();
    await hoop?.stop();
    await target?.stop();
  });
  beforeEach(async () => {
    known = (await people.list()).map(({ id }) => id);
    await target.query(`truncate person, plain, later;
      insert into person select n, 'p' || n || '@example.org', 'X' from generate_series(1, 5) n; insert into later values (1, 1)`);
  });

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    client.on("error", () => {});
    await client.connect();
    clients.push(client);
    return client;
  }

  /** Waits for its review and what people are shown, does `meanwhile` at the target, and approves. */
  async function approve(meanwhile: string | null = null, rows = 2): Promise<void> {
    // A driver on a virtual machine takes its time to start.
    const id = await until(
      "a pending review",
      async () => (await people.list("pending")).find((review) => !known.includes(review.id))?.id,
      120_000,
    );
    known.push(id);
    const shown = await until(
      "a rehearsal",
      async () => (await people.whole(id)).rehearsal as { rows?: number } | null,
    );
    expect(shown).toMatchObject({ kind: "tried", rows });
    if (meanwhile !== null) await target.query(meanwhile);
    await people.decide(id, "approve");
  }

  const outcome = (asked: Promise<pg.QueryResult>) =>
    asked.then(
      ({ rowCount, command }) => ({ rows: rowCount, command }),
      ({ code, message }: pg.DatabaseError) => ({ code, message }),
    );

  const one = async (text: string): Promise<unknown> => Object.values((await target.query(text)).rows[0])[0];
  const moved = "update person set city = $1 where id = any($2)";
  const third = "insert into person values (7, null, 'X')";

  for (const name of [undefined, "named"]) {
    it(`bound, ${name ?? "unnamed"}: the same, more rows, other rows`, async () => {
      const client = await connect();
      const run = (city: string, ids: number[]) => outcome(client.query({ name, text: moved, values: [city, ids] }));
      let end = run("A", [1, 2]);
      await approve();
      expect(await end).toEqual({ rows: 2, command: "UPDATE" });
      expect(await one("select count(*)::int from person where city = 'A'")).toBe(2);
      end = run("B", [1, 2, 7]);
      await approve(third);
      expect(await end).toMatchObject({ code: "40001", message: expect.stringContaining("rehearsed 2 rows, now 3") });
      expect(await one("select count(*)::int from person where city = 'B'")).toBe(0);
      end = run("C", [1, 2, 8]);
      await approve("delete from person where id = 1; insert into person values (8, null, 'X')");
      expect(await end).toMatchObject({ code: "40001", message: expect.stringContaining("other ones") });
      expect(await one("select count(*)::int from person where city = 'C'")).toBe(0);
      expect((await client.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
      const { rows } = await client.query("select $1::int as n", [4]);
      expect(rows).toEqual([{ n: 4 }]);
    });
  }

  it("a target's error in the bound run is the client's own, and its pipeline ends there", async () => {
    const client = await connect();
    const end = outcome(client.query("insert into person values ($1, null, $2)", [9, "E"]));
    await approve("insert into person values (9, null, 'T')", 1);
    expect(await end).toMatchObject({ code: "23505" });
    expect((await client.query("select $1::int as n", [1])).rows).toEqual([{ n: 1 }]);
  });

  for (const how of ["bound", "simple"] as const)
    it(`inside of a transaction of the client, ${how}: compared, and a difference fails the transaction`, async () => {
      const client = await connect();
      const run = (city: string) =>
        outcome(
          how === "bound"
            ? client.query(moved, [city, [1, 2, 7]])
            : client.query(`update person set city = '${city}' where id in (1, 2, 7)`),
        );
      await client.query("begin");
      await client.query("select count(*) from person");
      let end = run("D");
      await approve();
      expect(await end).toEqual({ rows: 2, command: "UPDATE" });
      expect(await one("select count(*)::int from person where city = 'D'")).toBe(0);
      await client.query("commit");
      expect(await one("select count(*)::int from person where city = 'D'")).toBe(2);

      await client.query("begin");
      await client.query("savepoint s");
      end = run("F");
      await approve(third);
      expect(await end).toMatchObject({ code: "40001", message: expect.stringContaining("now 3") });
      await expect(client.query("select 1")).rejects.toMatchObject({ code: "25P02" });
      expect((await client.query("rollback to savepoint s")).command).toBe("ROLLBACK");
      expect((await client.query("select count(*)::int as n from person where city = 'F'")).rows).toEqual([{ n: 0 }]);
      await client.query("commit");

      expect(await one("select count(*)::int from person where city = 'F'")).toBe(0);
    });

  it("inside of a transaction that has written it is not rehearsed, which the review and the record say", async () => {
    const client = await connect();
    await client.query("begin");
    await client.query("insert into plain values (1)");
    const end = outcome(client.query("update person set city = $1", ["H"]));
    const id = await people.next("pending", known);
    const shown = await until("an answer", async () => (await people.whole(id)).rehearsal as { why: string } | null);
    expect(shown).toMatchObject({ kind: "estimated", why: expect.stringContaining("transaction has written") });
    expect(JSON.stringify(await people.whole(id))).toContain(
      "is not compared with its rehearsal: its transaction has written",
    );
    await people.decide(id, "approve");
    expect(await end).toEqual({ rows: 5, command: "UPDATE" });
    await client.query("commit");
  });

  it("an approval that is quicker than the rehearsal waits for it", async () => {
    const client = await connect();
    const end = outcome(client.query("update later set a = $1 where a = 1", [2]));
    const id = await people.next("pending", known);
    expect((await people.whole(id)).rehearsal).toBe(null);
    const trying =
      "select count(*)::int from pg_stat_activity where query like '%hoop_changed%' and state = 'active' and pid <> pg_backend_pid()";
    await until("it is being tried", async () => ((await one(trying)) as number) > 0);
    await target.query("insert into later values (2, 1)");
    await people.decide(id, "approve");
    expect(await end).toMatchObject({ code: "40001", message: expect.stringContaining("rehearsed 1 rows, now 2") });
    expect(await one("select count(*)::int from later where a = 2")).toBe(0);
  });

  it("a difference takes back what ran before it in the same pipeline; what follows is discarded", async () => {
    const raw = await RawPostgres.open({ host: hoop.host, port: hoop.port }, { database: "app" });
    raw.send(
      Buffer.concat([
        ...[encodeParse("", "select count(*) from plain"), encodeBind("", ""), encodeExecute("")],
        ...[
          encodeParse("", "update person set city = 'R' where id in (1, 2, 7)"),
          encodeBind("", ""),
          encodeExecute(""),
        ],
        ...[encodeParse("", "insert into plain values (3)"), encodeBind("", ""), encodeExecute("")],
        encodeSync(),
      ]),
    );
    await approve(third);
    const messages = await raw.until("Z");
    const types = messages.map(({ type }) => type).filter((type) => type !== "N");
    expect(types.join("")).toBe("12DC12EZ");
    expect(field(messages, "C")).toBe("40001");
    expect(messages.at(-1)!.body.toString()).toBe("I");
    expect(await one("select count(*)::int from person where city = 'R'")).toBe(0);
    expect(await one("select count(*)::int from plain")).toBe(0);
    raw.close();
  });

  it("its portal runs once", async () => {
    const raw = await RawPostgres.open({ host: hoop.host, port: hoop.port }, { database: "app" });
    raw.send(
      Buffer.concat([
        ...[encodeParse("", "update person set city = 'S' where id < 3"), encodeBind("p", "")],
        ...[encodeExecute("p"), encodeExecute("p"), encodeSync()],
      ]),
    );
    await approve();
    const messages = await raw.until("Z");
    expect(
      messages
        .map(({ type }) => type)
        .filter((type) => type !== "N")
        .join(""),
    ).toBe("12CEZ");
    expect(field(messages, "C")).toBe("55000");
    expect(await one("select count(*)::int from person where city = 'S'")).toBe(0);
    raw.close();
  });

  it("its requester is not shown the rehearsal", async () => {
    const client = await connect();
    const end = outcome(client.query(moved, ["T", [1]]));
    const id = await people.next("pending", known);
    await until("a rehearsal", async () => (await people.whole(id)).rehearsal ?? undefined);
    const own = await hoop.hoop("engineer", ["review", "show", id, "--json"]);
    expect(JSON.parse(own)).toMatchObject({ id, rehearsal: null });
    await people.decide(id, "approve");
    await end;
  });

  for (const kind of ["same", "differs"] as const) {
    const meanwhile = kind === "same" ? null : third;
    for (const [name, text] of [
      ["psycopg", psycopgCompared],
      ["psycopg in a transaction", psycopgTransaction],
    ] as const)
      it.runIf(hasPython("psycopg"))(`${name}: ${kind}`, async () => {
        const path = script(hoop.folder, `compared-${name.replaceAll(" ", "-")}.py`, text);
        const end = runClient(python, [path, kind], { env: hoop.clientEnv() });
        await Promise.race([approve(meanwhile), end]);
        const { stdout, stderr } = await end;
        expect(`${stderr}${stdout}`).toMatch(/done\n$/);
      });
    for (const mode of ["alone", "transaction"])
      it.runIf(hasJava())(
        `JDBC, ${mode}: ${kind}`,
        async () => {
          const path = script(hoop.folder, "Compared.java", jdbcCompared);
          const end = runClient("java", ["-cp", jdbcDriver, path, kind, mode], {
            env: hoop.clientEnv(),
            timeoutMs: 120_000,
          });
          await Promise.race([approve(meanwhile), end]);
          const { stdout, stderr } = await end;
          expect(`${stderr}${stdout}`).toMatch(/done\n$/);
        },
        300_000,
      );
  }
});
