import { spawnSync } from "node:child_process";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeQuery } from "../../src/protocols/postgres/codec/frontend.js";
import { until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { cells, field, RawPostgres, types } from "../support/raw-postgres.js";

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const message = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
};
const budget = (name: string, spec: Record<string, unknown>): string => `---
apiVersion: hoop/v1
kind: budget
metadata: { name: ${name} }
spec: ${JSON.stringify({ measure: "rows", per: "hour", action: "stop", ...spec })}
`;
const on = (table: string) => ({ when: { relations: { any: `public.${table}` } } });

const tables = [
  "simple",
  "extended",
  "copied",
  "small",
  "shared",
  "warned",
  "people",
  "asked",
  "twice",
  "kept",
  "mine",
];
const policy = [
  allowAll,
  ...["simple", "extended", "copied", "small"].map((table) =>
    budget(`${table}-rows`, { ...on(table), limit: 100, per: "session", reason: "ask the data team" }),
  ),
  budget("shared-rows", { ...on("shared"), limit: 1_000 }),
  budget("warned-rows", { ...on("warned"), limit: 5, per: "session", action: "warn" }),
  budget("people-seen", {
    ...on("people"),
    measure: "subjects",
    column: "public.people.name",
    limit: 3,
    per: "session",
  }),
  budget("asked-statements", { ...on("asked"), measure: "statements", limit: 3 }),
  budget("twice-hour", { ...on("twice"), limit: 10 }),
  budget("twice-session", { ...on("twice"), limit: 6, per: "session" }),
  budget("kept-rows", { ...on("kept"), limit: 10, per: "day" }),
  budget("mine-bytes", { ...on("mine"), measure: "bytes", limit: 2_000, per: "session" }),
].join("");

describe("budgets through the whole of Hoop", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  beforeAll(async () => {
    target = await startPostgres({
      version: 15,
      sql: tables
        .map((name) => `create table ${name} as select n as id, 'n' || n % 5 as name from generate_series(1, 50000) n`)
        .join(";"),
    });
    hoop = await startHoop({ target, policy });
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  async function connect(): Promise<{ client: pg.Client; notices: string[] }> {
    const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    const notices: string[] = [];
    client.on("notice", (notice) => notices.push(notice.message ?? ""));
    client.on("error", () => {});
    await client.connect();
    return { client, notices };
  }
  const failure = (query: Promise<unknown>) =>
    query.then(
      () => null,
      (error: pg.DatabaseError) => error,
    );
  const running = async (text: string): Promise<number> =>
    (await target.query(`select count(*)::int as n from pg_stat_activity where state = 'active' and query = '${text}'`))
      .rows[0].n;
  const raw = () => RawPostgres.open({ host: hoop.host, port: hoop.port }, { database: "app" });

  it("a result stops at the very row, the target with it, and the connection lives", async () => {
    const one = await raw();
    const text = "select s.id, b.id from simple s, simple b";
    one.send(encodeQuery(text));
    const messages = await one.until("Z", 30_000);
    expect(types(messages)).toBe(`T${"D".repeat(100)}EZ`);
    expect(field(messages, "C")).toBe("53400");
    expect(field(messages, "M")).toBe(
      'hoop: budget "simple-rows" allows 100 rows in this session, and 100 are used up',
    );
    expect(field(messages, "D")).toContain("The result ends here.");
    expect(await running(text)).toBe(0);
    one.send(encodeQuery("select 'lives'"));
    expect(cells(await one.until("Z"))).toEqual([["lives"]]);
    // Used up: refused before it starts.
    one.send(encodeQuery("select id from simple limit 1"));
    const refused = await one.until("Z");
    expect(types(refused)).toBe("EZ");
    expect(field(refused, "C")).toBe("53400");
    expect(field(refused, "M")).toContain("ask the data team");
    expect(field(refused, "H")).toContain("It counts anew in another session.");
    one.close();
    const { client } = await connect();
    expect((await client.query("select id from simple limit 100")).rowCount).toBe(100);
    await client.end();
  });

  it("a transaction is failed as the target says, and one that was finished says that it was carried out", async () => {
    const one = await raw();
    one.send(encodeQuery("begin"));
    await one.until("Z");
    one.send(encodeQuery("select s.id from simple s, simple b"));
    const messages = await one.until("Z", 30_000);
    expect(messages.at(-1)!.body.toString()).toBe("E");
    one.close();

    const two = await raw();
    two.send(encodeQuery("update small set name = 'changed' where id <= 101 returning id"));
    const done = await two.until("Z", 30_000);
    expect(types(done)).toBe(`T${"D".repeat(100)}EZ`);
    expect(done.at(-1)!.body.toString()).toBe("I");
    expect(field(done, "D")).toContain("was carried out");
    expect((await target.query("select count(*)::int as n from small where name = 'changed'")).rows[0].n).toBe(101);
    // No cancel that came late hits what comes next.
    for (let i = 0; i < 5; i++) {
      two.send(encodeQuery("select pg_sleep(0.05), 'lives'"));
      expect(types(await two.until("Z"))).toBe("TDCZ");
    }
    two.close();
  });

  it("exactly as many rows as are left are a whole result", async () => {
    const { client } = await connect();
    expect((await client.query("select id from extended where id <= $1", [100])).rowCount).toBe(100);
    await client.end();
  });

  it("the extended protocol, portals and COPY stop at the same row", async () => {
    const { client } = await connect();
    let rows = 0;
    const query = new pg.Query("select e.id from extended e, extended b where e.id > $1", [0]);
    query.on("row", () => rows++);
    const ended = new Promise<pg.DatabaseError | null>((resolve) => {
      query.on("error", (error) => resolve(error as pg.DatabaseError));
      query.on("end", () => resolve(null));
    });
    client.query(query);
    expect(await ended).toMatchObject({ code: "53400" });
    expect(rows).toBe(100);
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await client.end();

    const psql = (sql: string, more: string[] = []) =>
      spawnSync("psql", ["-X", "-At", ...more, "-c", sql], {
        env: { ...hoop.clientEnv(), PATH: process.env.PATH },
        encoding: "utf8",
      });
    for (const sql of ["copy copied to stdout", "copy (select id from copied) to stdout csv"]) {
      const copy = psql(sql);
      expect(copy.stderr).toContain('budget "copied-rows" allows 100 rows');
      expect(copy.stdout.trimEnd().split("\n").length, sql).toBe(100);
    }
    const binary = await raw();
    binary.send(encodeQuery("copy (select id from copied limit 100) to stdout (format binary)"));
    expect(types(await binary.until("Z", 30_000)).endsWith("dcCZ")).toBe(true);
    binary.close();
    // By cursor, forty at a time.
    const fetched = psql("select id from copied", ["-v", "FETCH_COUNT=40"]);
    expect(fetched.stderr).toContain("copied-rows");
    expect(fetched.stdout.trimEnd().split("\n").length).toBeLessThanOrEqual(100);
  });

  it("a portal is counted over all of its executions, and what is behind it in the pipeline does not happen", async () => {
    const one = await raw();
    const execute = (rows: number) => message("E", Buffer.from("\0"), int32(rows));
    const bound = (sql: string) => [message("P", Buffer.from(`\0${sql}\0\0\0`)), message("B", Buffer.alloc(8))];
    one.send(Buffer.concat([...bound("select id from extended"), execute(60), execute(60)]));
    // The Sync is not sent yet: what comes before it must not be committed.
    one.send(Buffer.concat([...bound("update extended set name = 'gone' where id = 1"), execute(0), message("H")]));
    const stopped = await one.until("E", 30_000);
    expect(types(stopped)).toBe(`12${"D".repeat(60)}s${"D".repeat(40)}E`);
    one.send(message("S"));
    expect(types(await one.until("Z", 30_000))).toBe("Z");
    expect((await target.query("select name from extended where id = 1")).rows).toEqual([{ name: "n1" }]);
    one.send(encodeQuery("select 'lives'"));
    expect(types(await one.until("Z"))).toBe("TDCZ");
    one.close();
  });

  it("sessions side by side share one budget to the row", async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect()));
    let rows = 0;
    const ends = clients.map(({ client }) => {
      const query = new pg.Query("select a.id from shared a, shared b");
      query.on("row", () => rows++);
      const end = new Promise<pg.DatabaseError | null>((resolve) => {
        query.on("error", (error) => resolve(error as pg.DatabaseError));
        query.on("end", () => resolve(null));
      });
      client.query(query);
      return end;
    });
    for (const end of await Promise.all(ends)) expect(end?.code).toBe("53400");
    expect(rows).toBe(1_000);
    const denied = await failure(clients[0]!.client.query("select id from shared limit 1"));
    expect(denied).toMatchObject({ code: "53400", hint: expect.stringMatching(/There is room again from 20.* UTC/) });
    await Promise.all(clients.map(({ client }) => client.end()));
    const shown = JSON.parse(await hoop.hoop("engineer", ["policy", "budgets", "--rule", "shared-rows", "--json"]));
    expect(shown.items).toMatchObject([
      { rule: "shared-rows", owner: "ada", used: 1_000, limit: 1_000, action: "stop" },
    ]);
    expect(await hoop.hoop("admin", ["policy", "budgets"])).toMatch(/shared-rows +ada +1000 of 1000 rows/);
  });

  it("sessions at the same moment do not both take the last statement; a text of several takes several", async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
    const several = "select id from asked limit 1;".repeat(4);
    expect((await failure(clients[0]!.client.query(several)))?.code).toBe("53400");
    const all = await Promise.all(clients.map(({ client }) => failure(client.query("select id from asked limit 1"))));
    expect(all.map((error) => error?.code ?? "ok").sort()).toEqual(["53400", "53400", "ok", "ok", "ok"]);
    await Promise.all(clients.map(({ client }) => client.end()));
  });

  it("two windows: the narrower one stops first, and the wider one counts on", async () => {
    const take = async (count: number) => {
      const { client } = await connect();
      const error = await failure(client.query(`select id from twice limit ${count}`));
      await client.end();
      return error?.message ?? null;
    };
    expect(await take(7)).toContain("twice-session");
    // Six of ten are used.
    expect(await take(4)).toBeNull();
    expect(await take(1)).toContain("twice-hour");
  });

  it("warns once when it is passed, and lets go on", async () => {
    const { client, notices } = await connect();
    await client.query("select id from warned limit 5");
    expect(notices).toEqual([]);
    expect((await client.query("select id from warned limit 20")).rowCount).toBe(20);
    await client.query("select id from warned limit 20");
    expect(notices.filter((text) => text.includes("warned-rows"))).toHaveLength(1);
    await client.end();
  });

  it("counts whose data is seen, whatever it is called in the result", async () => {
    const { client } = await connect();
    expect((await client.query("select name as x from people where name in ('n1', 'n2')")).rowCount).toBe(20_000);
    let rows: string[] = [];
    const query = new pg.Query("select upper(p.name) as u from people p order by id");
    query.on("row", (row: { u: string }) => rows.push(row.u));
    const end = new Promise<pg.DatabaseError>((resolve) =>
      query.on("error", (error) => resolve(error as pg.DatabaseError)),
    );
    client.query(query);
    expect((await end).code).toBe("53400");
    expect(new Set(rows).size).toBe(1);
    rows = [];
    await client.end();
    const other = await connect();
    expect((await failure(other.client.query("copy people to stdout")))?.message).toContain("people-seen");
    await other.client.end();
  });

  it("bytes are counted as they come", async () => {
    const one = await raw();
    one.send(encodeQuery("select id, name from mine"));
    const messages = await one.until("Z", 30_000);
    expect(field(messages, "C")).toBe("53400");
    const bytes = messages.filter(({ type }) => type === "D").reduce((sum, { body }) => sum + body.length + 5, 0);
    expect(bytes).toBeLessThanOrEqual(2_000);
    expect(bytes).toBeGreaterThan(1_950);
    one.close();
  });

  it("the record says what a statement took, and a restart forgets nothing", async () => {
    const first = await connect();
    expect((await first.client.query("select id from kept limit 8")).rowCount).toBe(8);
    await first.client.end();
    const report = (await hoop.verifyAudit()).replaceAll('\\"', '"');
    expect(report).toContain(
      '"budgets":[{"rule":"kept-rows","measure":"rows","window":"day","amount":8,"used":8,"limit":10}]',
    );
    // What was counted is told to the store a quarter of a second later; nothing says when that is through.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await hoop.gateway.kill();
    await hoop.gateway.start();
    const second = await until("the tunnel is back", async () => connect().catch(() => undefined));
    const error = await failure(second.client.query("select id from kept limit 3"));
    expect(error?.message).toContain('budget "kept-rows" allows 10 rows in a day, and 10 are used up');
    await second.client.end();
  });
});
