import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import type { PostgresServer } from "../support/postgres.js";
import type { Replica, Replicas } from "../support/replicas.js";
import { startTwoGateways } from "./two-gateways.js";

const runbook = `---
apiVersion: hoop/v1
kind: runbook
metadata: { name: work }
spec:
  parameters: [{ name: run, type: string }, { name: seconds, type: number }]
  timeout: 30m
  steps:
    - name: one
      connection: pg
      sql: "insert into done values ({{run}}, 'one')"
      compensate: { sql: "insert into done values ({{run}}, 'undo one')", afterInterruption: true }
    - name: two
      connection: pg
      sql: "insert into done values ({{run}}, 'two')"
      compensate: { sql: "insert into done values ({{run}}, 'undo two')" }
    - { name: wait, connection: pg, timeout: 20m, sql: "select pg_sleep({{seconds}}::float8)" }
    - { name: never, connection: pg, sql: "insert into done values ({{run}}, 'never')" }
---
`;

interface Detail {
  readonly id: string;
  readonly state: string;
  readonly error: string | null;
  readonly steps: readonly { readonly phase: string; readonly name: string; readonly state: string }[];
}

/** Two gateways on one store. One of them goes away in the middle of a run; the other one brings it to an end. */
describe("a run whose gateway goes away", () => {
  const stops: (() => Promise<unknown>)[] = [];
  let store: PostgresServer;
  let target: PostgresServer;
  let hoop: Replicas;
  let token: string;
  beforeAll(async () => {
    const both = await startTwoGateways(stops, "work", runbook, "create table done (run text, what text)");
    ({ store, hoop, target } = both);
    token = hoop.admin;
  });
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  const detail = (at: Replica, id: string) => hoop.api<Detail>(at, token, "GET", `/runs/${id}`);
  const done = async (run: string): Promise<readonly string[]> =>
    (await target.query(`select what from done where run = '${run}'`)).rows.map((row) => row.what as string);
  const finished = async (id: string) =>
    (
      await hoop.api<{ items: { data: Readonly<Record<string, unknown>> }[] }>(
        hoop.other,
        token,
        "GET",
        "/events?type=runbook.finished&limit=200",
      )
    ).items.flatMap(({ data }) => (data["run"] === id ? [data] : []));
  const recorded = async (id: string) =>
    (
      await hoop.api<{ items: { what: string; target: string }[] }>(
        hoop.other,
        token,
        "GET",
        "/audit/changes?limit=200",
      )
    ).items.filter(({ what, target: about }) => what === "runbook.finished" && about === id);

  /** Started at the one gateway, and in its long step. */
  async function underWay(run: string, seconds: number): Promise<string> {
    const { id } = await hoop.api<{ id: string }>(
      hoop.one,
      token,
      "POST",
      "/runbooks/work/runs",
      {
        parameters: { run, seconds },
      },
      [202],
    );
    await until("it waits", async () => (await detail(hoop.other, id)).steps.some(({ name }) => name === "wait"));
    return id;
  }
  const over = (id: string): Promise<Detail> =>
    until(
      "the other gateway ends it",
      async () => {
        const found = await detail(hoop.other, id);
        return ["waiting", "running"].includes(found.state) ? null : found;
      },
      120_000,
    );
  const expected = {
    state: "interrupted",
    error:
      "its gateway went away during step wait; whether that was done is not known; undone: one; left as it is: two",
    steps: [
      { phase: "step", name: "one", state: "succeeded" },
      { phase: "step", name: "two", state: "succeeded" },
      { phase: "step", name: "wait", state: "interrupted" },
      { phase: "compensation", name: "one", state: "succeeded" },
    ],
  };

  it("is taken over once it was silent; the gateway that comes back has no say in it any more", async () => {
    const id = await underWay("frozen", 10);
    process.kill(hoop.one.pid, "SIGSTOP");
    try {
      expect(await over(id)).toMatchObject(expected);
    } finally {
      process.kill(hoop.one.pid, "SIGCONT");
    }
    // Its long step is over at the target by now: what came of it must not send the run on.
    await until("it answers again", () => detail(hoop.one, id));
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(await detail(hoop.one, id)).toMatchObject(expected);
    expect(await done("frozen")).toEqual(["one", "two", "undo one"]);
    await until("it is told", async () => (await finished(id)).length > 0);
    await until("it is recorded", async () => (await recorded(id)).length > 0);
    expect(await finished(id)).toHaveLength(1);
    expect(await recorded(id)).toHaveLength(1);
  });

  it("ends interrupted after kill -9: undone where that is safe, said where it is not, told once", async () => {
    const id = await underWay("killed", 600);
    process.kill(hoop.one.pid, "SIGKILL");
    expect(await over(id)).toMatchObject(expected);
    expect(await done("killed")).toEqual(["one", "two", "undo one"]);
    const [event, ...more] = await until("it is told", async () => {
      const found = await finished(id);
      return found.length > 0 && found;
    });
    expect(more).toEqual([]);
    expect(event).toMatchObject({ runbook: "work", outcome: "failed", steps: 3, error: expected.error });
    await until("it is recorded", async () => (await recorded(id)).length === 1);
  });

  it("has its end recorded by whoever finds that it was not", async () => {
    const { id } = await hoop.api<{ id: string }>(
      hoop.other,
      token,
      "POST",
      "/runbooks/work/runs",
      {
        parameters: { run: "plain", seconds: 0 },
      },
      [202],
    );
    expect(await over(id)).toMatchObject({ state: "succeeded", error: null });
    await until("it is recorded", async () => (await recorded(id)).length === 1);
    const about = `where id = '${id}'`;
    const told = async () => (await store.query(`select told_at from runbook_runs ${about}`)).rows[0]!.told_at !== null;
    await until("that is known", told);
    // As a gateway leaves it that dies between the two.
    await store.query(`update runbook_runs set told_at = null, seen_at = now() - interval '1 minute' ${about}`);
    await until("it is recorded again", async () => (await recorded(id)).length === 2);
    await until("that is known again", told);
    expect(await finished(id)).toHaveLength(1);
  });
});
