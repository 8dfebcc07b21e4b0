import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lastingPurposes, ringPurposes } from "../../src/secrets/index.js";
import { until } from "../support/clients.js";
import type { PostgresServer } from "../support/postgres.js";
import type { Replica, Replicas } from "../support/replicas.js";
import { startTwoGateways } from "./two-gateways.js";

const runbook = `---
apiVersion: hoop/v1
kind: runbook
metadata: { name: echo }
spec:
  parameters: [{ name: word, type: string }, { name: password, type: string, secret: true }]
  steps:
    - { name: say, connection: pg, sql: "select {{word}}::text" }
    - { name: keep, connection: pg, sql: "select {{password}}::text" }
---
`;

/** What runs hold is sealed; a rotation at one gateway reaches it, whichever gateway wrote it. */
describe("rotation of keys over two gateways", () => {
  const stops: (() => Promise<unknown>)[] = [];
  let rotations = 0;
  let store: PostgresServer;
  let hoop: Replicas;
  beforeAll(async () => {
    const both = await startTwoGateways(stops, "echo", runbook);
    ({ store, hoop } = both);
  });
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  const detail = (at: Replica, id: string) =>
    hoop.api<{
      state: string;
      parameters: Readonly<Record<string, unknown>>;
      steps: readonly { sent: string; result: { sample: unknown } }[];
    }>(at, hoop.admin, "GET", `/runs/${id}`);

  async function run(at: Replica): Promise<string> {
    const parameters = { word: "hello", password: "hunter2-hunter2" };
    const { id } = await hoop.api<{ id: string }>(at, hoop.admin, "POST", "/runbooks/echo/runs", { parameters }, [202]);
    await until("it succeeds", async () => (await detail(at, id)).state === "succeeded");
    return id;
  }

  /** Whether all that a run holds is under the newest key of its ring. */
  const isNew = async (id: string): Promise<boolean> =>
    (
      await store.query(`select bool_and(key_id = (select id::text from data_keys where purpose = 'runbooks' order by generation desc limit 1)) as new
        from (select key_id from runbook_runs where id = '${id}' union all select key_id from runbook_steps where run = '${id}') as sealed`)
    ).rows[0]!.new;

  it("seals runs anew, which are read as before, and every gateway seals under the new keys", async () => {
    const { one, other, admin, api } = hoop;
    const [here, there] = [await run(one), await run(other)];
    const before = [await detail(one, here), await detail(one, there)];
    expect(before[0]).toMatchObject({ parameters: { word: "hello", password: "(secret)" } });
    const rotate = (at: Replica) => {
      rotations++;
      return api<{ resealed: number }>(at, admin, "POST", "/secrets/rotate");
    };
    const { resealed } = await rotate(other);
    expect(resealed).toBeGreaterThanOrEqual(6);
    expect([await isNew(here), await isNew(there)]).toEqual([true, true]);
    for (const at of [one, other]) expect([await detail(at, here), await detail(at, there)]).toEqual(before);
    // The other gateway hears of the new keys.
    await until("one seals under the new key", async () => isNew(await run(one)));
    await rotate(one);
    expect(await isNew(there)).toBe(true);
    expect(await detail(other, there)).toEqual(before[1]);
  });

  it("has left out no purpose that this gateway has keys of", async () => {
    const { rows } = await store.query(
      "select purpose, max(generation)::int as generation from data_keys group by purpose order by purpose",
    );
    const lasting: readonly string[] = lastingPurposes;
    const rings: readonly string[] = ["secrets", ...ringPurposes];
    for (const { purpose, generation } of rows) {
      expect([...rings, ...lasting]).toContain(purpose);
      expect([purpose, generation]).toEqual([purpose, lasting.includes(purpose) ? 1 : 1 + rotations]);
    }
    expect(rows.map(({ purpose }) => purpose)).toEqual(expect.arrayContaining([...rings]));
  });
});
