import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const access = (name: string, group: string, more = ""): string => `
apiVersion: hoop/v1
kind: access
metadata: { name: ${name} }
spec:
  who: { group: [${group}] }
  where: everywhere
  effects: [read, write, define, admin, execute, unknown]
  ${more}
---`;
const policy = [
  access("readers", "engineers", "roles: app_ro"),
  access("writers", "writers", "roles: [app_rw, never_allowed]"),
  access("strangers", "strangers", "roles: never_allowed"),
  access("plain", "plain"),
].join("");

for (const version of [15, 18] as const) {
  describe(`roles that rules grant, at PostgreSQL ${version}`, () => {
    let server: PostgresServer;
    let hoop: RunningHoop;
    beforeAll(async () => {
      server = await startPostgres({
        version,
        sql: `create role app_rw; create role app_ro; create role never_allowed;
          create role maker login createrole password 'maker';
          create table t (a int); grant select on t to app_ro; grant all on t to app_rw;
          grant create on schema public to app_ro;
          ${version === 18 ? "grant app_rw, app_ro, never_allowed to maker with admin option" : ""}`,
      });
      hoop = await startHoop({
        target: { ...server, user: "maker", password: "maker" },
        connection: ["--credential", "users=ephemeral", "--credential", "roles=app_rw,app_ro"],
        policy,
      });
      for (const group of ["strangers", "plain", "others"]) await hoop.hoop("admin", ["groups", "add", group]);
    });
    afterAll(async () => {
      await hoop?.stop();
      await server?.stop();
    });

    interface Session {
      readonly client: pg.Client;
      readonly end: Promise<string>;
    }
    const connect = async (): Promise<Session> => {
      const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "ada", database: "app" });
      client.on("error", () => {});
      const end = new Promise<string>((resolve) => {
        client.connection.on("errorMessage", (error: pg.DatabaseError) => {
          if (error.severity === "FATAL") resolve(error.message);
        });
        client.once("end", () => resolve("closed without a word"));
      });
      await client.connect();
      return { client, end };
    };
    const rolesOf = async ({ client }: Session) => {
      const { rows } = await client.query("select session_user::text as login, current_user::text as acting");
      const { login, acting } = rows[0] as { login: string; acting: string };
      const members = await server.query(
        `select r.rolname::text as name from pg_auth_members m join pg_roles r on r.oid = m.roleid
          join pg_roles u on u.oid = m.member where u.rolname = '${login}' order by 1`,
      );
      return { acting, roles: members.rows.map(({ name }) => name as string) };
    };
    const groups = (...names: string[]) =>
      hoop.hoop("admin", ["users", "edit", "ada", ...names.flatMap((name) => ["--group", name])]);

    it("are those of the rule that lets in, and what they do not reach is refused by the target itself", async () => {
      const session = await connect();
      expect(await rolesOf(session)).toEqual({ acting: "app_ro", roles: ["app_ro"] });
      await expect(session.client.query("insert into t values (1)")).rejects.toMatchObject({ code: "42501" });
      await expect(session.client.query("set role app_rw")).rejects.toMatchObject({ code: "42501" });
      await session.client.query("create table made_by_a_reader (a int)");
      await session.client.end();
      const owner = () =>
        server.query("select tableowner::text as name from pg_tables where tablename = 'made_by_a_reader'");
      await until("it belongs to the role that made it", async () => (await owner()).rows[0]?.name === "app_ro");
      const left = () => server.query("select 1 from pg_roles where rolname like 'hoop\\_ada\\_%'");
      await until("the user is gone", async () => (await left()).rowCount === 0);
    });

    it("end the session when they change, and the next one has both", async () => {
      const session = await connect();
      await groups("engineers", "writers");
      expect(await session.end).toMatch(/your roles at pg changed/);
      const next = await connect();
      expect(await rolesOf(next)).toEqual({ acting: "app_rw", roles: ["app_ro", "app_rw"] });
      // A group that changes nothing of them ends nothing.
      await groups("engineers", "writers", "others");
      expect((await next.client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
      await hoop.hoop("admin", ["connections", "edit", "pg", "--credential", "roles=app_rw"]);
      expect(await next.end).toMatch(/your roles at pg changed/);
      await hoop.hoop("admin", ["connections", "edit", "pg", "--credential", "roles=app_rw,app_ro"]);
    });

    it("are all of the connection's where no rule says any", async () => {
      await groups("plain");
      const session = await connect();
      expect(await rolesOf(session)).toEqual({ acting: "app_rw", roles: ["app_ro", "app_rw"] });
      await session.client.end();
    });

    it("refuse the connection where it allows none of them", async () => {
      await groups("strangers", "plain");
      await expect(connect()).rejects.toThrow(/it allows none of never_allowed/);
    });
  });
}
