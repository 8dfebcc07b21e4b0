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
    const own = randomBytes(3).toString("hex");
    for (let round = 0; round < 3; round++) {
      for (const name of [`nobody-${own}-${round}`, `else-${own}-${round}`]) {
        expect(await fails(name)).toBe(401);
        tried.push(name);
      }
      await hoop.gateway.kill();
      await hoop.gateway.start();
    }
    const names = async () =>
      (await eventsOf("login.failed"))
        .map(({ subject }) => subject?.name)
        .filter((name) => name?.includes(own))
        .sort();
    await until("each is an event", async () => (await names()).length >= tried.length);
    expect(await names()).toEqual(tried.sort());
    const [one] = await eventsOf("login.failed");
    expect(one!.data).toMatchObject({ how: "password", provider: null, from: "127.0.0.1" });
  }, 240_000);

  it("tells of agents that went with their gateway, and of the gateway's own end, once", async () => {
    const replicas = async (type: string) => (await eventsOf(type)).map(({ data }) => String(data["replica"]));
    /** Comings less goings of an agent, for each gateway that ever had it. */
    const balance = async (): Promise<ReadonlyMap<string, number>> => {
      const there = new Map<string, number>();
      for (const replica of await replicas("agent.up")) there.set(replica, (there.get(replica) ?? 0) + 1);
      for (const replica of await replicas("agent.down")) there.set(replica, (there.get(replica) ?? 0) - 1);
      return there;
    };
    const settled = async (now: number): Promise<boolean> => {
      const [newest = 0, ...earlier] = [...(await balance()).values()];
      return newest === now && earlier.every((count) => count === 0);
    };
    // Gateways that were killed before are noticed by the one that is there: nothing of them is still to come when this begins.
    await hoop.agent!.stop();
    await until("nobody is missed any more", () => settled(0), 120_000);
    await hoop.agent!.start();
    await until("the agent is back", () => settled(1));
    const last = (await replicas("agent.up"))[0]!;
    await hoop.gateway.kill();
    await hoop.gateway.start();
    await until("the next gateway has the agent", async () => (await replicas("agent.up"))[0] !== last);
    await until("somebody notices", async () => (await replicas("gateway.degraded")).includes(last), 120_000);
    const own = (await eventsOf("gateway.degraded")).filter(({ data }) => data["replica"] === last);
    expect(own.map(({ data }) => data["reasons"])).toEqual([["it went away without being stopped"]]);

    // Whoever was killed had as many comings as goings; who is there now has one more.
    await until("each is told of once", () => settled(1));
    const now = (await replicas("agent.up"))[0]!;

    // Stopped, it says so itself: nobody has to notice.
    await hoop.gateway.stop();
    await hoop.gateway.start();
    await until("it said so", async () => (await replicas("agent.down")).includes(now));
    expect((await replicas("gateway.degraded")).filter((one) => one === now)).toEqual([]);
  }, 400_000);
});
