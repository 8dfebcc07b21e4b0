import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Replicas, startReplicas } from "../support/replicas.js";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: everything }
spec: { who: { group: [engineers] }, where: everywhere, effects: [read, write, connect] }
---
apiVersion: hoop/v1
kind: guard
metadata: { name: deletes-need-eyes }
spec:
  on: statements
  when: { relations: { any: [public.orders], access: write } }
  action: hold
  hold: { approvals: { count: 2, groups: [approvers] }, expires: 10m }
`;

interface Summary {
  readonly id: string;
  readonly state: string;
  readonly ending: string | null;
}

/** Who waits at one gateway is answered from another, over nothing but their store. */
describe("a held statement over two gateways", () => {
  let store: PostgresServer;
  let target: PostgresServer;
  let hoop: Replicas;
  let ada: { readonly token: string };
  let bob: { readonly name: string; readonly password: string };
  let eve: { readonly name: string; readonly password: string };
  let port = 0;

  beforeAll(async () => {
    [store, target] = await Promise.all([
      startPostgres({ version: 15 }),
      startPostgres({ version: 15, sql: "create table orders (id int primary key); create table log (id int)" }),
    ]);
    hoop = await startReplicas({ store, cli });
    const { one, admin, api } = hoop;
    await api(one, admin, "POST", "/connections", {
      ...{ name: "pg", protocol: "postgres", host: target.host, port: target.port, agent: null },
      tls: { mode: "disable" },
      target: { user: target.user, database: target.database },
      secret: target.password,
    });
    await api(one, admin, "POST", "/groups", { name: "approvers" });
    await api(one, admin, "POST", "/policy/apply", { text: policy, prune: true });
    ada = await hoop.person("ada", ["engineers"]);
    bob = { name: "bob", ...(await hoop.person("bob", ["approvers"])) };
    eve = { name: "eve", ...(await hoop.person("eve", ["approvers", "engineers"])) };
    port = (await hoop.door(one, "pg", () => ada.token)).port;
  });
  afterAll(async () => {
    await hoop?.stop();
    await Promise.all([store?.stop(), target?.stop()]);
  });
  beforeEach(async () => {
    await target.query("truncate orders, log; insert into orders select generate_series(1, 10)");
  });

  const left = async (): Promise<number> => (await target.query("select count(*)::int as n from orders")).rows[0].n;

  function psql(...commands: string[]) {
    const child = spawn("psql", ["-X", "-At", ...commands.flatMap((one) => ["-c", one])], {
      env: {
        ...{ PATH: process.env.PATH, PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: "x", PGDATABASE: "app" },
        ...{ PGSSLMODE: "disable", PGCONNECT_TIMEOUT: "20" },
      },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk));
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    return { out: () => out, err: () => err, closed, stop: () => child.kill("SIGINT") };
  }

  /** The review that a psql was told of: by the link that it shows. */
  async function reviewOf(client: ReturnType<typeof psql>): Promise<string> {
    return until("the notice", () => /\/reviews\/([^ ]+)/.exec(client.err())?.[1]);
  }
  const at = (where: "one" | "other", token: string) => ({
    read: (id: string) => hoop.api<Summary>(hoop[where], token, "GET", `/reviews/${id}`),
    decide: (id: string, verdict: "approve" | "deny", reason?: string) =>
      hoop.api<Summary>(hoop[where], token, "POST", `/reviews/${id}/${verdict}`, reason ? { reason } : {}),
  });

  it("waits at one; each of two approvals is given at another gateway; it goes on once, at once", async () => {
    const client = psql("delete from orders where id <= 3", "select 'lives'");
    const id = await reviewOf(client);
    // Signed in at the other one: nothing here was ever asked of the gateway that holds the client.
    const there = at("other", await hoop.signIn(hoop.other, bob.name, bob.password));
    expect(await there.read(id)).toMatchObject({ id, state: "pending" });
    await there.decide(id, "approve");
    expect(await there.read(id)).toMatchObject({ state: "pending" });
    expect(await left()).toBe(10);
    await expect(there.decide(id, "approve")).rejects.toThrow(/40[39]/);
    const here = at("one", await hoop.signIn(hoop.one, eve.name, eve.password));
    await here.decide(id, "approve");
    expect(await client.closed).toBe(0);
    expect(client.out()).toBe("DELETE 3\nlives\n");
    expect(await left()).toBe(7);
    expect(await there.read(id)).toMatchObject({ state: "used" });
  });

  it("is refused with the words of who denied it at the other", async () => {
    const client = psql("delete from orders", "select 'lives'");
    const id = await reviewOf(client);
    await at("other", await hoop.signIn(hoop.other, bob.name, bob.password)).decide(id, "deny", "not on a Friday");
    expect(await client.closed).toBe(0);
    expect(client.err()).toContain(`bob denied review ${id}: not on a Friday`);
    expect(client.out()).toBe("lives\n");
    expect(await left()).toBe(10);
  });

  it("withdrawn at one, it cannot be decided at the other", async () => {
    const client = psql("delete from orders");
    const id = await reviewOf(client);
    const there = at("other", await hoop.signIn(hoop.other, bob.name, bob.password));
    client.stop();
    await client.closed;
    await until("it is withdrawn there", async () => (await there.read(id)).state === "withdrawn");
    await expect(there.decide(id, "approve")).rejects.toThrow(/409/);
    expect(await left()).toBe(10);
  });

  it("both approve at the same moment, one at each: it runs once", async () => {
    const client = psql(
      "with gone as (delete from orders where id = 1 returning id) insert into log select 1 from gone",
    );
    const id = await reviewOf(client);
    const [b, e] = await Promise.all([
      hoop.signIn(hoop.one, bob.name, bob.password),
      hoop.signIn(hoop.other, eve.name, eve.password),
    ]);
    await Promise.all([at("one", b).decide(id, "approve"), at("other", e).decide(id, "approve")]);
    expect(await client.closed).toBe(0);
    expect(client.out()).toBe("INSERT 0 1\n");
    expect((await target.query("select count(*)::int as n from log")).rows[0].n).toBe(1);
    expect(await at("other", b).read(id)).toMatchObject({ state: "used" });
  });
});
