import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postgres } from "../../src/protocols/postgres/index.js";
import { connectTcp } from "../../src/transport/index.js";
import { type Connection, connectionId } from "../../src/vocabulary/index.js";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.js";

const sql = `
  create table customers (id int primary key, email text, gone int);
  alter table customers drop column gone;
  create table orders (id int, customer int references customers) partition by range (id);
  create table orders_1 partition of orders for values from (0) to (100);
  create view emails as select email from customers;
  create view passwords as select rolname, rolpassword from pg_authid;
  create function touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger touched before insert on customers for each row execute function touch();
  create function next_id() returns int language sql as 'select 1';
  create table defaulted (id int default next_id());
  create function modern() returns int language sql begin atomic select id from customers; end;
  create schema tools; create function tools.same(int, int) returns boolean language sql as 'select $1 = $2' set search_path = tools;
  create operator tools.=== (leftarg = int, rightarg = int, function = tools.same);
`;

function connectionTo(server: PostgresServer, more: Partial<Connection> = {}): Connection {
  return {
    id: connectionId("00000000-0000-4000-8000-000000000001"),
    name: "pg-test",
    protocol: "postgres",
    host: server.host,
    port: server.port,
    agent: null,
    labels: {},
    tls: { mode: "disable" },
    target: { database: server.database },
    exposesCredentialToAgent: false,
    version: 1,
    ...more,
  };
}

describe.each([15, 18] as const)("Hoop's own connection to PostgreSQL %i", (version) => {
  const here = it.skipIf(!hasPostgres(version));
  let server: PostgresServer;
  beforeAll(async () => {
    if (hasPostgres(version)) server = await startPostgres({ version, sql, tls: "on" });
  });
  afterAll(async () => server?.stop());

  const operator = (secret = server.password, more: Partial<Connection> = {}) =>
    postgres.operate!(
      () => connectTcp({ host: server.host, port: server.port }),
      connectionTo(server, more),
      { user: server.user, secret },
      null,
    );

  here("proves that the login works", async () => {
    const hoop = await operator();
    expect(await hoop.ping()).toContain(String(version));
    hoop.close();
  });

  here("goes through verified TLS", async () => {
    const hoop = await operator(server.password, {
      tls: { mode: "verify-full", ca: server.ca!, serverName: "pg.internal" },
    });
    expect(await hoop.ping()).toContain(String(version));
    hoop.close();
    await expect(
      operator(server.password, { tls: { mode: "verify-full", ca: server.ca!, serverName: "elsewhere" } }),
    ).rejects.toThrow(/not trusted/);
  });

  here("says that a stored password is wrong without telling it", async () => {
    const failure = operator("not the password");
    await expect(failure).rejects.toMatchObject({
      code: "precondition-failed",
      message: expect.stringContaining("did not accept"),
    });
    await expect(failure).rejects.not.toThrow(/not the password/);
  });

  here("reads the slice of the catalogue", async () => {
    const hoop = await operator();
    const catalogue = (await hoop.catalogue(null))!;
    const named = (name: string) => catalogue.relations.find((relation) => relation.name === name)!;
    const fn = (name: string) => catalogue.functions.find((each) => each.name === name)!;
    expect(catalogue.serverVersion).toBeGreaterThanOrEqual(version * 10_000);
    expect(catalogue.searchPath).toEqual(["public"]);
    expect(catalogue.superuser).toBe(true);
    expect(named("customers").columns.map(({ name, number }) => [number, name])).toEqual([
      [1, "id"],
      [2, "email"],
    ]);
    expect(named("customers").kind).toBe("table");
    expect(named("orders").kind).toBe("partitioned");
    expect(named("orders_1").parents).toEqual([named("orders").id]);
    expect(named("emails").reads).toEqual([named("customers").id]);
    expect(named("emails").definition).toMatch(/public\.customers/);
    expect(named("passwords").reads).toContain(named("pg_authid").id);
    expect(named("pg_stats").reads).toContain(named("pg_statistic").id);
    expect(named("customers").triggers).toEqual([fn("touch").id]);
    expect(named("defaulted").calls).toEqual([fn("next_id").id]);
    expect(fn("touch").body).toContain("return new");
    expect(fn("modern").body).toMatch(/customers/);
    expect(fn("same").settings).toEqual(["search_path=tools"]);
    expect(catalogue.operators).toEqual([{ schema: "tools", name: "===", function: fn("same").id }]);
    expect(catalogue.systemFunctions.volatile).toContain("random");
    expect(catalogue.systemFunctions.immutable).toContain("upper");
    hoop.close();
  });

  here("answers null until something changes", async () => {
    const hoop = await operator();
    const { version: first } = (await hoop.catalogue(null))!;
    expect(await hoop.catalogue(first)).toBeNull();
    await server.query("create table later (a int)");
    const second = (await hoop.catalogue(first))!;
    expect(second.relations.some(({ name }) => name === "later")).toBe(true);
    await server.query("alter table later rename column a to b");
    const third = (await hoop.catalogue(second.version))!;
    expect(third.relations.find(({ name }) => name === "later")!.columns[0]!.name).toBe("b");
    await server.query("create or replace function next_id() returns int language sql as 'select 2'");
    expect(await hoop.catalogue(third.version)).not.toBeNull();
    hoop.close();
  });
});
