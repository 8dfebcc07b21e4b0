import { connect as netConnect } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Reviewer, reviewer } from "../support/reviewer.js";

const policy = `${allowAll}---
apiVersion: hoop/v1
kind: guard
metadata: { name: writes-need-eyes }
spec:
  on: statements
  when: { effects: { any: [write] }, relations: { any: [public.*], access: write } }
  action: hold
  hold: { approvals: { count: 1, groups: [admins] }, expires: 5m, rehearse: true }
---
apiVersion: hoop/v1
kind: guard
metadata: { name: not-too-many }
spec:
  on: statements
  when: { relations: { any: [wide.free], access: write }, estimatedRows: { over: 1000 } }
  action: deny
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-full-scans }
spec:
  on: statements
  when: { effects: { any: [read] }, sequentialScan: { of: [wide.large], rowsOver: 1000 } }
  action: deny
---
apiVersion: hoop/v1
kind: mask
metadata: { name: mails }
spec:
  columns: ["*.*.email"]
  mask: { method: redact }
`;

const sql = `
create table person (id int primary key, email text, city text);
create table task (id int primary key, person int references person on delete cascade, note text);
create table touched (what text);
create function touch() returns trigger language plpgsql as $$ begin insert into touched values (tg_op); return new; end $$;
create trigger touching after update on task for each row execute function touch();
create table numbered (id int generated always as identity primary key, note text);
create table old_numbers (id serial primary key, note text);
create table strict (id int primary key, person int not null references person);
create table slow (id int primary key, a int);
create function lazily() returns trigger language plpgsql as $$ begin for i in 1..2000000000 loop null; end loop; return new; end $$;
create trigger lazy before update on slow for each row execute function lazily();
create table chatty (id int primary key, a int);
create function chat() returns trigger language plpgsql as $$ begin notify news; return new; end $$;
create trigger chats before update on chatty for each row execute function chat();
create table keyless (a int, b text);
create schema wide; create table wide.free (id int primary key, a int);
create table wide.large (id int primary key, a int);
insert into wide.free select n, n from generate_series(1, 5000) n;
insert into wide.large select n, n from generate_series(1, 5000) n;
insert into slow values (1, 1);
insert into chatty values (1, 1);
insert into keyless select n, 'x' from generate_series(1, 4) n;
analyze chatty; analyze wide.free; analyze wide.large;
`;

type Shown = {
  kind: string;
  why?: string;
  rows: number;
  keys: string | null;
  ran: string | null;
  before: Record<string, string | null>[];
  after: Record<string, string | null>[];
  triggers: string[];
  cascades: string[];
};

for (const version of [15, 18] as const)
  describe.runIf(hasPostgres(version))(`what reviewers see of a held write, on PostgreSQL ${version}`, () => {
    let target: PostgresServer;
    let hoop: RunningHoop;
    let people: Reviewer;
    let known: string[] = [];
    const clients: pg.Client[] = [];
    beforeAll(async () => {
      target = await startPostgres({ version, sql });
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
      await target.query(`truncate person, task, touched, strict, numbered, old_numbers;
        insert into person select n, 'p' || n || '@example.org', 'X' from generate_series(1, 5) n;
        insert into task select n, 1 + n % 5, 'n' || n from generate_series(1, 10) n`);
    });

    async function connect(): Promise<pg.Client> {
      const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
      client.on("error", () => {});
      await client.connect();
      clients.push(client);
      return client;
    }

    /** Holds it, and answers what its reviewers see. */
    async function hold(text: string, values?: unknown[], client?: pg.Client) {
      const own = client ?? (await connect());
      const end = own.query(text, values).then(
        (result) => ({ rows: result.rowCount ?? 0, command: result.command }),
        (error: pg.DatabaseError) => error,
      );
      const id = await people.next("pending", known);
      known.push(id);
      const shown = await until(
        "a rehearsal",
        async () => ((await people.whole(id)).rehearsal as Shown | null) ?? undefined,
      );
      return { id, shown, end, client: own, approve: () => people.decide(id, "approve") };
    }

    const one = async (text: string): Promise<unknown> => Object.values((await target.query(text)).rows[0])[0];

    it("UPDATE: rows, samples before and after, masked, its trigger; nothing is left behind; the run is the same", async () => {
      const { shown, approve, end, client } = await hold(
        "update person set city = 'Y', email = 'new@example.org' where id < 3",
      );
      expect(shown).toMatchObject({ kind: "tried", rows: 2, triggers: [] });
      expect(shown.ran).toContain("RETURNING");
      expect(shown.keys).toMatch(/^[0-9a-f]{64}$/);
      expect(shown.before.map((row) => row["public.person.city"])).toEqual(["X", "X"]);
      expect(shown.after.map((row) => row["public.person.city"])).toEqual(["Y", "Y"]);
      expect(JSON.stringify([shown.before, shown.after])).not.toContain("@example.org");
      expect(await one("select count(*)::int from person where city = 'Y'")).toBe(0);
      await approve();
      expect(await end).toEqual({ rows: 2, command: "UPDATE" });
      expect(await one("select count(*)::int from person where city = 'Y'")).toBe(2);
      expect((await client.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
    });

    it("names triggers and what follows through foreign keys", async () => {
      const first = await hold("update task set note = 'x' where id = 1");
      expect(first.shown).toMatchObject({ kind: "tried", rows: 1, triggers: ["touching on public.task"] });
      expect(await one("select count(*)::int from touched")).toBe(0);
      await first.approve();
      expect(await first.end).toMatchObject({ rows: 1 });
      expect(await one("select count(*)::int from touched")).toBe(1);
      const second = await hold("delete from person where id = 1");
      expect(second.shown).toMatchObject({ kind: "tried", rows: 1, after: [] });
      expect(second.shown.before).toHaveLength(1);
      expect(second.shown.cascades).toEqual(["task_person_fkey: follows in public.task"]);
      expect(await one("select count(*)::int from task")).toBe(10);
      await people.decide(second.id, "deny", "no");
      expect(await second.end).toMatchObject({ code: "42501" });
    });

    it("INSERT and MERGE", async () => {
      const insert = await hold("insert into person values (6, 'q@example.org', 'Z')");
      expect(insert.shown).toMatchObject({ kind: "tried", rows: 1, before: [] });
      expect(insert.shown.after[0]).toMatchObject({ "public.person.id": "6", "public.person.city": "Z" });
      await insert.approve();
      expect(await insert.end).toEqual({ rows: 1, command: "INSERT" });
      const merge = await hold(
        "merge into person p using (values (1, 'M'), (9, 'N')) v(id, city) on p.id = v.id when matched then update set city = v.city when not matched then insert (id, city) values (v.id, v.city)",
      );
      expect(merge.shown).toMatchObject({ kind: "tried", rows: 2 });
      expect(merge.shown.ran === null).toBe(version === 15);
      await merge.approve();
      expect(await merge.end).toEqual({ rows: 2, command: "MERGE" });
      expect(await one("select string_agg(city, '' order by id) from person where id in (1, 9)")).toBe("MN");
    });

    it("does not try what a rollback would not take back, and says so", async () => {
      const identity = await hold("insert into numbered (note) values ('a')");
      expect(identity.shown).toMatchObject({ kind: "estimated", why: expect.stringContaining("sequence") });
      const serial = await hold("insert into old_numbers (note) values ('a')");
      expect(serial.shown).toMatchObject({ kind: "estimated", why: expect.stringContaining("sequence") });
      expect(await one("select last_value::int + is_called::int from numbered_id_seq")).toBe(1);
      expect(await one("select last_value::int + is_called::int from old_numbers_id_seq")).toBe(1);
      const chatty = await hold("update chatty set a = 2");
      expect(chatty.shown).toMatchObject({ kind: "estimated", why: expect.stringContaining("notify"), rows: 1 });
      await identity.approve();
      expect(await identity.end).toEqual({ rows: 1, command: "INSERT" });
    });

    it("says what would fail", async () => {
      const { shown } = await hold("insert into strict values (1, 99)");
      expect(shown).toMatchObject({ kind: "none", why: expect.stringContaining("23503") });
    });

    it("waits neither for a lock nor for a slow statement", async () => {
      const other = new pg.Client({
        ...{ host: target.host, port: target.port, user: target.user, password: target.password, database: "app" },
      });
      await other.connect();
      await other.query("begin; update person set city = 'L' where id = 1");
      const locked = await hold("update person set city = 'K' where id = 1");
      expect(locked.shown).toMatchObject({ kind: "estimated", why: expect.stringContaining("lock"), rows: 1 });
      await other.query("rollback");
      await other.end();
      const slow = await hold("update slow set a = 2");
      expect(slow.shown).toMatchObject({ kind: "estimated", why: expect.stringContaining("5 seconds") });
    });

    it("takes the run back when it does something else than what was rehearsed", async () => {
      const more = await hold("update person set city = 'W' where id >= 4");
      expect(more.shown).toMatchObject({ kind: "tried", rows: 2 });
      await target.query("insert into person values (7, null, 'X')");
      await more.approve();
      expect(await more.end).toMatchObject({
        code: "40001",
        message: expect.stringContaining("rehearsed 2 rows, now 3"),
      });
      expect(await one("select count(*)::int from person where city = 'W'")).toBe(0);
      expect((await more.client.query("select 1 as n")).rows).toEqual([{ n: 1 }]);

      const others = await hold("update person set city = 'V' where city = 'X' and id < 3");
      expect(others.shown).toMatchObject({ rows: 2 });
      await target.query("update person set city = 'U' where id = 1; insert into person values (0, null, 'X')");
      await others.approve();
      expect(await others.end).toMatchObject({ code: "40001", message: expect.stringContaining("other ones") });
      expect(await one("select count(*)::int from person where city = 'V'")).toBe(0);

      const keyless = await hold("delete from keyless where a < 3");
      expect(keyless.shown).toMatchObject({ kind: "tried", rows: 2, keys: null, ran: null });
      await target.query("insert into keyless values (0, 'y')");
      await keyless.approve();
      expect(await keyless.end).toMatchObject({ code: "40001" });
      expect(await one("select count(*)::int from keyless")).toBe(5);
      await target.query("delete from keyless where a = 0");
    });

    it("a target's error in the compared run is the client's own", async () => {
      const held = await hold("insert into person values (8, null, 'E')");
      expect(held.shown).toMatchObject({ kind: "tried", rows: 1 });
      await target.query("insert into person values (8, null, 'T')");
      await held.approve();
      expect(await held.end).toMatchObject({ code: "23505" });
      expect((await held.client.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
    });

    it("stops a compared run that its client cancels or leaves, and nothing has happened", async () => {
      for (const how of ["cancel", "leave"] as const) {
        const held = await hold(`update person set city = '${how}' where id = 2`);
        expect(held.shown).toMatchObject({ kind: "tried", rows: 1 });
        const other = new pg.Client({
          ...{ host: target.host, port: target.port, user: target.user, password: target.password, database: "app" },
        });
        await other.connect();
        await other.query("begin; update person set email = 'l' where id = 2");
        await held.approve();
        const waiting = "select count(*)::int from pg_stat_activity where wait_event_type = 'Lock'";
        await until("it waits for the lock", async () => ((await one(waiting)) as number) > 0);
        if (how === "leave") held.client.connection.stream.destroy();
        else {
          const { processID, secretKey } = held.client as unknown as { processID: number; secretKey: number };
          const request = Buffer.alloc(16);
          for (const [at, word] of [16, 80_877_102, processID, secretKey].entries()) request.writeInt32BE(word, 4 * at);
          netConnect(hoop.port, hoop.host).end(request);
          expect(await held.end).toMatchObject({ code: "57014" });
          expect((await held.client.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
        }
        await until("nobody waits", async () => (await one(waiting)) === 0);
        await other.query("rollback");
        await other.end();
        expect(await one("select city from person where id = 2")).toBe("X");
      }
    });

    it("tries what is bound with its values, under the session's own settings, and compares the run", async () => {
      const client = await connect();
      await client.query("create schema if not exists s");
      await client.query("set search_path = public, s");
      const held = await hold("update person set city = $1 where id = any($2)", ["B", [1, 2, 3]], client);
      expect(held.shown).toMatchObject({ kind: "tried", rows: 3 });
      expect(JSON.stringify(await people.whole(held.id))).not.toContain("not compared");
      await held.approve();
      expect(await held.end).toMatchObject({ rows: 3 });
    });

    it("asks the planner where a rule asks for it", async () => {
      const client = await connect();
      expect((await client.query("update wide.free set a = 0 where id = 1")).rowCount).toBe(1);
      await expect(client.query("update wide.free set a = 0")).rejects.toMatchObject({
        code: "42501",
        detail: expect.stringContaining("not-too-many"),
      });
      expect((await client.query("update wide.free set a = 0 where id = $1", [2])).rowCount).toBe(1);
      expect((await client.query("select * from wide.large where id = 5")).rows).toHaveLength(1);
      await expect(client.query("select * from wide.large where a = 5")).rejects.toMatchObject({ code: "42501" });
    });

    it("writes down what Hoop itself has sent", async () => {
      await hold("delete from task where id = 2");
      const report = await hoop.verifyAudit();
      const entries = report.split("\n").filter((line) => /statement-rehearsed/.test(line));
      expect(entries.length).toBeGreaterThan(0);
    });
  });
