import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
metadata: { name: notes-need-eyes }
spec:
  on: statements
  when: { relations: { any: [public.note], access: write } }
  action: hold
  hold: { approvals: { count: 1, groups: [admins] }, expires: 10m }
`;

const people = 10;
/** As many as there are, and no more than one person may have waiting. */
const each = 10;
const all = people * each;
/** A held statement keeps a lane, a connection at the target and its own text: far less than this. */
const mostKiloBytesEach = 1_024;

interface Item {
  readonly id: string;
  readonly state: string;
  readonly requester: { readonly name: string };
}

describe("one hundred statements held at the same moment", () => {
  let store: PostgresServer;
  let target: PostgresServer;
  let hoop: Replicas;
  const clients: pg.Client[] = [];
  beforeAll(async () => {
    [store, target] = await Promise.all([
      startPostgres({ version: 15 }),
      startPostgres({
        version: 15,
        sql: "create table note (n int primary key, by text)",
        settings: { max_connections: "300" },
      }),
    ]);
    hoop = await startReplicas({ store, cli });
    const { one, admin, api } = hoop;
    await api(one, admin, "POST", "/connections", {
      ...{ name: "pg", protocol: "postgres", host: target.host, port: target.port, agent: null },
      tls: { mode: "disable" },
      target: { user: target.user, database: target.database },
      secret: target.password,
    });
    await api(one, admin, "POST", "/policy/apply", { text: policy, prune: true });
  });
  afterAll(async () => {
    for (const client of clients) client.connection.stream.destroy();
    await hoop?.stop();
    await Promise.all([store?.stop(), target?.stop()]);
  });

  const kiloBytes = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${hoop.one.pid}/status`, "utf8"))![1]);
  const list = async (state: string): Promise<readonly Item[]> =>
    (await hoop.api<{ items: Item[] }>(hoop.other, hoop.admin, "GET", `/reviews?view=all&limit=200&state=${state}`))
      .items;

  it("each one is asked about, each decision reaches its own client, none is lost, and memory stays bounded", async () => {
    const doors = await Promise.all(
      Array.from({ length: people }, async (_, n) => {
        const { token } = await hoop.person(`person-${n}`, ["engineers"]);
        return hoop.door(hoop.one, "pg", () => token);
      }),
    );
    const connect = async (port: number): Promise<pg.Client> => {
      const client = new pg.Client({ host: "127.0.0.1", port, user: "x", database: "app" });
      client.on("error", () => {});
      await client.connect();
      clients.push(client);
      return client;
    };
    const sessions: { readonly n: number; readonly person: string; readonly client: pg.Client }[] = [];
    for (let round = 0; round < each; round++)
      for (const one of await Promise.all(
        doors.map(async ({ port }, n) => ({ n: n * each + round, person: `person-${n}`, client: await connect(port) })),
      ))
        sessions.push(one);

    const idle = kiloBytes();
    const ends = new Map(
      sessions.map(({ n, person, client }) => [
        n,
        client.query("insert into note values ($1, $2)", [n, person]).then(
          () => "ran",
          (error: pg.DatabaseError) => error.message,
        ),
      ]),
    );
    const waiting = await until(
      "all of them wait",
      async () => {
        const items = await list("pending");
        return items.length === all && items;
      },
      45_000,
    );
    expect(kiloBytes() - idle).toBeLessThan(all * mostKiloBytesEach);
    expect((await target.query("select count(*)::int as n from note")).rows[0].n).toBe(0);
    // Nobody else is slowed down or refused.
    const free = await connect(doors[0]!.port);
    expect((await free.query("select 1 as one")).rows).toEqual([{ one: 1 }]);

    // Each review says whose and which it is; every third is denied, with words of its own. From the other gateway, at once.
    const denied = new Map<number, string>();
    const decided = await Promise.all(
      waiting.map(async ({ id, requester }) => {
        const { values } = await hoop.api<{ values: string[] }>(hoop.other, hoop.admin, "GET", `/reviews/${id}`);
        const n = Number(values[0]);
        expect([requester.name, values[1]]).toEqual([sessions.find((one) => one.n === n)!.person, requester.name]);
        const no = n % 3 === 0;
        if (no) denied.set(n, `not number ${n}.`);
        await hoop.api(
          hoop.other,
          hoop.admin,
          "POST",
          `/reviews/${id}/${no ? "deny" : "approve"}`,
          no ? { reason: denied.get(n) } : {},
        );
        return n;
      }),
    );
    expect(decided.toSorted((a, b) => a - b)).toEqual(Array.from({ length: all }, (_, n) => n));
    for (const [n, end] of ends)
      expect(await end).toMatch(
        denied.has(n) ? new RegExp(`^hoop: admin denied review .*: not number ${n}\\.`) : /^ran$/,
      );
    const rows = (await target.query("select n, by from note order by n")).rows;
    expect(rows).toEqual(
      sessions
        .filter(({ n }) => n % 3 !== 0)
        .map(({ n, person }) => ({ n, by: person }))
        .toSorted((a, b) => a.n - b.n),
    );
    expect([(await list("pending")).length, (await list("approved")).length]).toEqual([0, 0]);
    expect((await list("used")).length).toBe(rows.length);
    // Every one of these sessions goes on.
    for (const { client, n } of sessions)
      expect((await client.query("select $1::int as n", [n])).rows).toEqual([{ n }]);
  });
});
