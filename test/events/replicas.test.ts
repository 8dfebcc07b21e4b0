import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Replica, type Replicas, startReplicas } from "../support/replicas.js";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: everything }
spec:
  who: everyone
  where: everywhere
  effects: [read, write, define, destroy, admin, execute, connect, unknown]
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-drops }
spec:
  on: statements
  when: { effects: { any: [destroy] } }
  action: deny
`;
const reactions = `
apiVersion: hoop/v1
kind: reaction
metadata: { name: three-drops }
spec:
  on: statement.denied
  count: { atLeast: 3, within: 5m }
  by: subject
  then:
    - kill: { scope: subject, reason: three are enough }
`;

/** What one person does over two gateways is counted together, and answered on both. */
describe("reactions over two gateways", () => {
  let store: PostgresServer;
  let target: PostgresServer;
  let hoop: Replicas;
  let person: Awaited<ReturnType<Replicas["person"]>>;
  beforeAll(async () => {
    store = await startPostgres({ version: 15 });
    target = await startPostgres({ version: 15, sql: "create table t (a int)" });
    hoop = await startReplicas({ store, cli });
    const { one, admin, api } = hoop;
    await api(one, admin, "POST", "/connections", {
      ...{
        name: "pg",
        protocol: "postgres",
        host: target.host,
        port: target.port,
        agent: null,
        tls: { mode: "disable" },
      },
      target: { user: target.user, database: target.database },
      secret: target.password,
    });
    await api(one, admin, "POST", "/policy/apply", { text: policy, prune: true });
    await api(one, admin, "POST", "/reactions/apply", { text: reactions });
  });
  beforeEach(async () => {
    // Somebody whom nothing is counted of yet.
    person = await hoop.person(`ada-${randomBytes(4).toString("hex")}`, ["engineers"]);
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
    await store?.stop();
  });

  async function session(at: Replica): Promise<{ readonly client: pg.Client; readonly ended: Promise<string> }> {
    const door = await hoop.door(at, "pg", () => person.token);
    const client = new pg.Client({ host: "127.0.0.1", port: door.port, user: "x", database: "app" });
    const ended = new Promise<string>((resolve) => client.on("error", ({ message }) => resolve(message)));
    await client.connect();
    return { client, ended };
  }
  const count = async () =>
    (
      await hoop.api<{ items: { counts: { matched: number; fired: number } }[] }>(
        hoop.other,
        hoop.admin,
        "GET",
        "/reactions",
      )
    ).items[0]!.counts;
  const drop = (client: pg.Client) =>
    client.query("drop table t").then(
      () => "let through",
      ({ message }: Error) => message,
    );

  it("ends every session of whoever was refused three times, twice here and once there", async () => {
    const before = await count();
    const here = await session(hoop.one);
    const there = await session(hoop.other);
    expect(await drop(here.client)).toContain("no-drops");
    expect(await drop(here.client)).toContain("no-drops");
    await until("both are counted", async () => (await count()).matched === before.matched + 2);
    expect((await there.client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await drop(there.client);
    expect(await here.ended).toMatch(/three are enough|terminat/);
    expect(await there.ended).toMatch(/three are enough|terminat/);
    await until("it is counted", async () => (await count()).matched === before.matched + 3);
    expect((await count()).fired).toBe(before.fired + 1);
    // Who begins anew is counted anew.
    const again = await session(hoop.other);
    expect((await again.client.query("select 2 as two")).rows).toEqual([{ two: 2 }]);
    await again.client.end();
  });
});
