import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

interface EventView {
  readonly id: string;
  readonly subject: { readonly name: string } | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a gateway says of itself and of who signs in, over kill -9. */
describe("what has no transaction", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  beforeAll(async () => {
    target = await startPostgres({ version: 15 });
    hoop = await startHoop({ target });
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  const eventsOf = async (type: string): Promise<readonly EventView[]> =>
    JSON.parse(await hoop.hoop("admin", ["events", "ls", "--type", type, "--limit", "200", "--json"]));

  async function fails(name: string): Promise<number> {
    const body = JSON.stringify({ name, password: randomBytes(9).toString("hex") });
    const headers = { "content-type": "application/json" };
    return (await fetch(`${hoop.http}/api/v1/login`, { method: "POST", headers, body })).status;
  }

  it("has each failed login that was answered, though the gateway is killed right after the answer", async () => {
    const tried: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (const name of [`nobody-${round}`, `else-${round}`]) {
        expect(await fails(name)).toBe(401);
        tried.push(name);
      }
      await hoop.gateway.kill();
      await hoop.gateway.start();
    }
    const names = async () => (await eventsOf("login.failed")).map(({ subject }) => subject?.name).sort();
    await until("each is an event", async () => (await names()).length >= tried.length, 20_000);
    expect(await names()).toEqual(tried.sort());
    const [one] = await eventsOf("login.failed");
    expect(one!.data).toMatchObject({ how: "password", provider: null, from: "127.0.0.1" });
  }, 120_000);

  it("tells of agents that went with their gateway, and of the gateway's own end, once", async () => {
    const replicas = async (type: string) => (await eventsOf(type)).map(({ data }) => String(data["replica"]));
    await until("the agent is back", async () => (await replicas("agent.up")).length > 0, 30_000);
    const before = await replicas("agent.up");
    const last = before[0]!;
    await hoop.gateway.kill();
    await hoop.gateway.start();
    await until("the next gateway has the agent", async () => (await replicas("agent.up"))[0] !== last, 30_000);
    await until("somebody notices", async () => (await replicas("agent.down")).includes(last), 60_000);
    const own = (await eventsOf("gateway.degraded")).filter(({ data }) => data["replica"] === last);
    expect(own.map(({ data }) => data["reasons"])).toEqual([["it went away without being stopped"]]);

    // Whoever was killed had as many comings as goings; who is there now has one more.
    const ups = await replicas("agent.up");
    const downs = await replicas("agent.down");
    const now = ups[0]!;
    for (const replica of new Set(ups)) {
      const count = (list: readonly string[]) => list.filter((one) => one === replica).length;
      expect(count(ups) - count(downs), replica).toBe(replica === now ? 1 : 0);
    }

    // Stopped, it says so itself: nobody has to notice.
    await hoop.gateway.stop();
    await hoop.gateway.start();
    await until("it said so", async () => (await replicas("agent.down")).includes(now), 20_000);
    expect((await replicas("gateway.degraded")).filter((one) => one === now)).toEqual([]);
  }, 180_000);
});
