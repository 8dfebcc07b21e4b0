import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

for (const version of [15, 18] as const) {
  describe(`a user for each session, at PostgreSQL ${version}`, () => {
    let server: PostgresServer;
    let hoop: RunningHoop;
    beforeAll(async () => {
      server = await startPostgres({
        version,
        sql: `create role app_rw; create role maker login createrole password 'maker';
          grant create, usage on schema public to app_rw;
          ${version === 18 ? "grant app_rw to maker with admin option" : ""}`,
      });
      hoop = await startHoop({
        target: { ...server, user: "maker", password: "maker" },
        connection: ["--credential", "users=ephemeral", "--credential", "roles=app_rw"],
      });
    });
    afterAll(async () => {
      await hoop?.stop();
      await server?.stop();
    });

    const connect = async (): Promise<pg.Client> => {
      const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "ada", database: "app" });
      client.on("error", () => {});
      await client.connect();
      return client;
    };
    const users = async (): Promise<readonly string[]> =>
      (await server.query("select rolname from pg_roles where rolname like 'hoop\\_ada\\_%'")).rows.map(
        (row) => row.rolname,
      );
    const asleep = "select 1 from pg_stat_activity where query = 'select pg_sleep(600)' and state = 'active'";
    const gone = async (within: number): Promise<void> => {
      const began = Date.now();
      while ((await users()).length > 0) {
        if (Date.now() - began > within) throw new Error(`still there: ${await users()}`);
        await sleep(20);
      }
    };

    it("logs in as a user of the person's own, that acts as the role, and is dropped at the end", async () => {
      const client = await connect();
      const { rows } = await client.query("select session_user::text as login, current_user::text as role");
      expect(rows[0].login).toMatch(/^hoop_ada_[a-z2-7]{16}$/);
      expect(rows[0].role).toBe("app_rw");
      expect(await users()).toContain(rows[0].login);
      await client.query("create table made_by_ada (id int)");
      await client.query("set role none; create table really_mine (id int)");
      await client.end();
      await gone(60_000);
      const owners = await server.query(
        "select tableowner from pg_tables where tablename in ('made_by_ada', 'really_mine')",
      );
      expect(owners.rows.map((row) => row.tableowner)).toEqual(["app_rw", "app_rw"]);
    });

    it("drops it when the person is disabled, whatever its session does", async () => {
      const client = await connect();
      const broken = new Promise((resolve) => client.once("end", resolve));
      client.query("select pg_sleep(600)").catch(() => {});
      await until("it runs", async () => (await server.query(asleep)).rowCount === 1);
      await hoop.hoop("admin", ["users", "disable", "ada"]);
      await gone(60_000);
      await broken;
      await hoop.hoop("admin", ["users", "enable", "ada"]);
      await hoop.logIn();
      // The tunnel learns of the new login a moment later.
      const again = await until("ada is let in again", () => connect().catch(() => undefined));
      await again.end();
      await gone(60_000);
    });

    it("is removed by the next gateway when the one that made it was killed", async () => {
      const client = await connect();
      await client.query("create table left_behind (id int)");
      await hoop.gateway.kill();
      expect((await users()).length).toBeGreaterThan(0);
      await hoop.gateway.start();
      await gone(60_000);
      client.end().catch(() => {});
    });
  });
}
