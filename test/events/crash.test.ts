import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Receiver, startReceiver } from "./support.js";

const policy = `${allowAll}
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-drops }
spec:
  on: statements
  when: { effects: { any: [destroy] } }
  action: deny
`;

/** "None lost, none doubled": the gateway is killed while statements are refused, again and again. */
describe("events over kill -9", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await startReceiver();
    target = await startPostgres({ version: 15, sql: "create table t (a int)" });
    hoop = await startHoop({ target, policy, agent: false });
    const file = join(hoop.folder, "r.yaml");
    writeFileSync(
      file,
      `apiVersion: hoop/v1
kind: receiver
metadata: { name: all }
spec: { type: webhook, url: "${receiver.url}", concurrency: 16 }
---
apiVersion: hoop/v1
kind: reaction
metadata: { name: tell-all }
spec:
  on: statement.denied
  then:
    - notify: { receiver: all }
`,
    );
    await hoop.hoop("admin", ["reactions", "apply", "-f", file]);
    await hoop.hoop("admin", ["reactions", "secret", "all", "--generate"]);
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
    await receiver?.close();
  });

  /**
   * Is refused again and again until it is cut off; answers how often. At a pace, so that the kill comes in the midst of it however quick
   * the gateway is, and three rounds of three stay below what one list of events shows.
   */
  async function refusals(most = 50): Promise<number> {
    const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    client.on("error", () => {});
    let count = 0;
    try {
      await client.connect();
      for (; count < most; count++) {
        const error = await client.query("drop table t").then(
          () => new Error("it was let through"),
          (thrown: Error & { code?: string }) => thrown,
        );
        if (!/no-drops/.test(error.message)) break;
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    } catch {
      // Cut off: the gateway was killed.
    }
    await client.end().catch(() => {});
    return count;
  }

  it("has each refusal of the audit as one event, and tells its receiver of each", async () => {
    let answered = 0;
    for (let round = 0; round < 3; round++) {
      const load = Promise.all(Array.from({ length: 3 }, refusals));
      await new Promise((resolve) => setTimeout(resolve, 250 + round * 200));
      await hoop.gateway.kill();
      for (const count of await load) answered += count;
      await hoop.gateway.start();
      await until(
        "the tunnel is back",
        () =>
          hoop.hoop("engineer", ["whoami"]).then(
            () => true,
            () => false,
          ),
        60_000,
      );
      await until("sessions open again", async () => (await refusals(1)) > 0, 60_000);
    }
    const audit = await hoop.verifyAudit();
    const recorded = new Set<string>();
    for (const line of audit.split("\n")) {
      const found = /\\?"outcome\\?":\\?"deny\\?",\\?"statement\\?":\\?"([0-9a-f-]{36}:\d+)\\?"/.exec(line);
      if (found) recorded.add(found[1]!);
    }
    expect(recorded.size).toBeGreaterThanOrEqual(answered);
    expect(recorded.size).toBeLessThan(500);
    const told = async (): Promise<string[]> =>
      (
        JSON.parse(
          await hoop.hoop("admin", ["events", "ls", "--type", "statement.denied", "--limit", "500", "--json"]),
        ) as {
          data: { statement: string };
        }[]
      ).map(({ data }) => data.statement);
    await until("every refusal is an event", async () => (await told()).length >= recorded.size, 60_000);
    const statements = await told();
    expect(statements.length).toBe(recorded.size);
    expect(new Set(statements)).toEqual(recorded);
    // At least once to the receiver, each time under the same id.
    const ids = () =>
      new Map(
        receiver.received.map(({ headers, body }) => [
          headers["webhook-id"],
          (JSON.parse(body) as { data: { event: { data: { statement: string } } } }).data.event.data.statement,
        ]),
      );
    await until("every event is delivered", () => ids().size >= recorded.size, 120_000);
    expect(new Set(ids().values())).toEqual(recorded);
    expect(ids().size).toBe(recorded.size);
  }, 500_000);
});
