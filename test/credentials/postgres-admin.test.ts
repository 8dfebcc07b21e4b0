import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postgres } from "../../src/protocols/postgres/index.js";
import { connectTcp } from "../../src/transport/index.js";
import { type Connection, connectionId, type TargetAdmin, type UserWish } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const secret = "not-a-secret-but-long-enough";

for (const version of [15, 18] as const) {
  describe(`users at PostgreSQL ${version}`, () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres({
        version,
        settings: { max_prepared_transactions: "5", log_statement: "ddl" },
        sql: `
          create role app_rw nologin;
          create role app_ro nologin;
          create role maker login createrole password 'maker';
          create role plain login password 'plain';
          ${version === 18 ? "grant app_rw, app_ro to maker with admin option" : ""};
          alter role app_rw set search_path to shop, "$user", public;
          alter role app_rw in database app set statement_timeout to '77s';
          create schema shop authorization app_rw;
          create table shop.orders (id int);
          alter table shop.orders owner to app_rw;
          grant create, usage on schema public to app_rw;
          insert into shop.orders values (1), (2);
        `,
      });
    });
    afterAll(() => server.stop());

    const connection = (user: string): Connection => ({
      ...{ id: connectionId("3b0f2f7e-8c1b-4f4b-9a6c-1f6f54c0a001"), name: "pg", protocol: "postgres", agent: null },
      ...{ host: server.host, port: server.port, labels: {}, tls: { mode: "disable" }, version: 1 },
      target: { user, database: "app" },
      exposesCredentialToAgent: false,
    });
    const administer = (user: string, password: string): Promise<TargetAdmin> =>
      postgres.administer!(
        () =>
          connectTcp({ host: server.host, port: server.port, signal: AbortSignal.timeout(30_000), timeoutMs: 30_000 }),
        connection(user),
        { user, secret: password },
      );
    const wish = (name: string, more: Partial<UserWish> = {}): UserWish => ({
      ...{ name, secret, roles: ["app_rw"], replication: false, comment: "a test" },
      until: new Date(Date.now() + 600_000),
      ...more,
    });
    const logIn = async (user: string, options = "", password = secret): Promise<pg.Client> => {
      const { host, port } = server;
      const client = new pg.Client({ host, port, user, password, database: "app", options });
      client.on("error", () => {});
      await client.connect();
      return client;
    };
    const roles = async (pattern: string) =>
      (await server.query(`select rolname from pg_roles where rolname like '${pattern}'`)).rows.map(
        (row) => row.rolname,
      );

    for (const [who, password] of [
      ["postgres", null],
      ["maker", "maker"],
    ] as const) {
      describe(`made by ${who}`, () => {
        let admin: TargetAdmin;
        beforeAll(async () => {
          admin = await administer(who, password ?? server.password);
        });
        afterAll(() => admin.close());

        it("makes a user that has its role's rights and settings, and drops it", async () => {
          expect(await admin.obstacle(["app_rw"])).toBeNull();
          const name = `hoop_ada_${who}_aaaa`;
          const { place } = await admin.makeUser(wish(name));
          expect(place).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
          const client = await logIn(name, "-c role=app_rw");
          const { rows } = await client.query(
            `select current_user::text, session_user::text, current_setting('search_path') as path,
              current_setting('statement_timeout') as patience, (select count(*)::int from orders) as orders`,
          );
          expect(rows[0]).toEqual({
            ...{
              current_user: "app_rw",
              session_user: name,
              path: 'shop, "$user", public',
              patience: "77s",
              orders: 2,
            },
          });
          await client.end();
          await admin.dropUser(name, "app_rw");
          await admin.dropUser(name, "app_rw");
          expect(await roles(name)).toEqual([]);
        });

        it("drops one that owns things in two databases, keeps a session, changed its password and prepared a transaction", async () => {
          const name = `hoop_eve_${who}_bbbb`;
          await server.query("create database other").catch(() => {});
          await server.query("grant create on database other to app_rw");
          await admin.makeUser(wish(name));
          const client = await logIn(name);
          await client.query(
            `create table public.mine_${who} (id serial); insert into public.mine_${who} default values`,
          );
          await client.query(`alter role "${name}" password 'known'`);
          await client.query(`alter default privileges grant select on tables to app_ro`);
          await client.query(`begin; create table public.prepared_${who} (id int); prepare transaction 'p_${who}'`);
          // Its one session is taken: nobody logs in beside it with the password that it gave itself.
          await expect(logIn(name, "", "known")).rejects.toMatchObject({ code: "53300" });
          await expect(client.query(`alter role "${name}" connection limit 5`)).rejects.toMatchObject({
            code: "42501",
          });
          await expect(client.query(`alter role "${name}" valid until 'infinity'`)).rejects.toMatchObject({
            code: "42501",
          });
          await expect(client.query("create role hidden login")).rejects.toMatchObject({ code: "42501" });
          const ended = new Promise((resolve) => client.once("end", resolve));
          await client.end();
          await ended;
          const elsewhere = new pg.Client({
            ...{ host: server.host, port: server.port, user: name, password: "known", database: "other" },
          });
          const broken = new Promise((resolve) => elsewhere.on("error", resolve));
          await elsewhere.connect();
          await elsewhere.query("create schema mine; create table mine.t (id int)");
          await admin.dropUser(name, "app_rw");
          await broken;
          expect(await roles(name)).toEqual([]);
          const { rows } = await server.query(
            `select tableowner, (select count(*)::int from pg_prepared_xacts) as prepared from pg_tables where tablename = 'mine_${who}'`,
          );
          expect(rows).toEqual([{ tableowner: "app_rw", prepared: 0 }]);
          await server.query("drop database other");
        });

        it("changes a password by its verifier", async () => {
          const name = `hoop_bob_${who}_cccc`;
          await admin.makeUser(wish(name));
          await admin.changePassword(name, "another pass'word\\");
          await (await logIn(name, "", "another pass'word\\")).end();
          await expect(logIn(name)).rejects.toMatchObject({ code: "28P01" });
          await admin.dropUser(name, "app_rw");
        });
      });
    }

    it("says what is in the way", async () => {
      const [maker, plain] = [await administer("maker", "maker"), await administer("plain", "plain")];
      expect(await plain.obstacle(["app_rw"])).toContain("CREATEROLE");
      expect(await maker.obstacle(["nobody"])).toContain("no role nobody");
      expect(await maker.obstacle(["postgres"])).toContain("superuser");
      if (version === 18) expect(await maker.obstacle(["plain"])).toContain("ADMIN OPTION");
      for (const admin of [maker, plain]) admin.close();
    });

    it("does not lose a setting of the role in silence", async () => {
      await server.query("create role watched; alter role watched set log_statement = 'all'");
      if (version === 18) await server.query("grant watched to maker with admin option");
      const maker = await administer("maker", "maker");
      await expect(maker.makeUser(wish("hoop_x_dddd", { roles: ["watched"] }))).rejects.toThrow("log_statement");
      maker.close();
      const superuser = await administer("postgres", server.password);
      await superuser.makeUser(wish("hoop_x_dddd", { roles: ["watched"] }));
      const client = await logIn("hoop_x_dddd");
      expect((await client.query("show log_statement")).rows[0]).toEqual({ log_statement: "all" });
      await client.end();
      await superuser.dropUser("hoop_x_dddd", "watched");
      superuser.close();
    });
  });
}
