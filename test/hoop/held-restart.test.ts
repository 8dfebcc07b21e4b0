import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Reviewer, reviewer } from "../support/reviewer.js";

const policy = `${allowAll}---
apiVersion: hoop/v1
kind: guard
metadata: { name: deletes-need-eyes }
spec:
  on: statements
  when: { relations: { any: [public.orders], access: write } }
  action: hold
  hold: { approvals: { count: 1, groups: [admins] }, expires: 5m }
`;

/** As the API shows it. */
interface Ended {
  readonly state: string;
  readonly endedAt: string | null;
}

/** Each run of it leaves a line, so that a second one would be seen. */
const writes = "with gone as (delete from orders where id = 1 returning id) insert into log select id from gone";

describe("the target goes away under a held statement", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let people: Reviewer;
  let known: string[] = [];
  beforeAll(async () => {
    target = await startPostgres({
      version: 15,
      sql: "create table orders (id int); create table log (id int)",
    });
    hoop = await startHoop({ target, policy });
    people = reviewer(hoop);
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });
  beforeEach(async () => {
    known = (await people.list()).map(({ id }) => id);
    await target.query("truncate orders, log; insert into orders values (1), (1)");
  });

  const lines = async (): Promise<number> => (await target.query("select count(*)::int as n from log")).rows[0].n;
  const pending = (): Promise<string> => people.next("pending", known);
  const look = async (id: string): Promise<Ended> => (await people.whole(id)) as unknown as Ended;

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    client.on("error", () => {});
    await client.connect();
    return client;
  }
  const run = (client: pg.Client, text: string) =>
    client.query(text).then(
      (result) => ({ rows: result.rowCount ?? 0 }),
      (error: pg.DatabaseError) => error,
    );

  for (const how of ["orderly", "crash"] as const)
    it(`${how}: the client is told which review goes on without it; nothing runs by itself; the very same again does, once`, async () => {
      const client = await connect();
      const notices: Pick<pg.DatabaseError, "detail" | "hint">[] = [];
      client.on("notice", (notice) => notices.push(notice));
      const end = run(client, writes);
      const id = await pending();
      known.push(id);
      await until("the notice", () => notices.length > 0);
      await target.restart(how);
      const told = await end;
      // Class 57 or 08: the connection, not the statement.
      expect(told).toMatchObject({ code: expect.stringMatching(/^(57P|08)/), severity: "FATAL" });
      const said = [...notices.slice(1), told as pg.DatabaseError].map(({ detail, hint }) => `${detail} ${hint}`);
      expect(said.join("\n")).toMatch(
        new RegExp(`It waited for review ${id}, which goes on without it: .*very same again`),
      );

      // It says that it is open still, and is; what is approved with nobody there waits for whoever asked.
      expect(await look(id)).toMatchObject({ state: "pending", endedAt: null });
      await people.decide(id, "approve");
      expect(await look(id)).toMatchObject({ state: "approved" });
      expect(await lines()).toBe(0);

      const again = await until("a session again", () => connect().catch(() => null));
      // Another statement has no part in it.
      void run(again, `${writes} where true`);
      const other = await pending();
      expect(other).not.toBe(id);
      known.push(other);
      await people.decide(other, "deny", "not this one");
      expect(await run(again, writes)).toEqual({ rows: 2 });
      expect(await look(id)).toMatchObject({ state: "used" });
      expect(await lines()).toBe(2);
      // Used up: once more is another question.
      void run(again, writes);
      const third = await pending();
      expect(third).not.toBe(id);
      again.connection.stream.destroy();
      await until("it is withdrawn", async () => (await look(third)).state === "withdrawn");
      expect(await lines()).toBe(2);
    });

  it("once approved and under way, it is lost with the target, used up, and never sent a second time", async () => {
    const client = await connect();
    const slow = "with gone as (delete from orders returning id) insert into log select id from gone, pg_sleep(600)";
    const end = run(client, slow);
    const id = await pending();
    known.push(id);
    await people.decide(id, "approve");
    const active = "select count(*)::int as n from pg_stat_activity where wait_event = 'PgSleep'";
    await until("it runs", async () => (await target.query(active)).rows[0].n === 1);
    await target.restart("crash");
    expect(await end).toMatchObject({ code: expect.stringMatching(/^(57P|08)/), severity: "FATAL" });
    expect((await look(id)).state).toBe("used");
    await expect(people.decide(id, "approve")).rejects.toThrow(/409/);
    const again = await until("a session again", () => connect().catch(() => null));
    // Nothing of Hoop runs it by itself, and the same again asks anew.
    expect((await target.query(active)).rows[0].n).toBe(0);
    expect(await lines()).toBe(0);
    void run(again, slow);
    expect(await pending()).not.toBe(id);
    again.connection.stream.destroy();
  });

  it("while the target is down nobody waits for people: opening fails in words, and opens no review", async () => {
    const before = (await people.list()).length;
    const gone = await startPostgres({ version: 15 });
    await gone.stop();
    await hoop.hoop(
      "admin",
      [
        ...["connections", "add", "away", "--host", gone.host, "--port", String(gone.port), "--agent", "none"],
        ...["--user", gone.user, "--target", `database=${gone.database}`, "--tls", "disable", "--password-stdin"],
      ],
      gone.password,
    );
    const place = await hoop.place("away");
    const client = new pg.Client({ ...place, user: "x", database: "app" });
    client.on("error", () => {});
    await expect(client.connect()).rejects.toMatchObject({ message: expect.stringMatching(/^hoop: /) });
    expect((await people.list()).length).toBe(before);
  });
});
