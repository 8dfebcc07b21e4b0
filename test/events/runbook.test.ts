import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const policy = `${allowAll}
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-deletes }
spec:
  on: statements
  when: { effects: { any: [destroy] } }
  action: deny
`;
const runbook = `---
apiVersion: hoop/v1
kind: runbook
metadata: { name: record-who }
spec:
  who: { groups: [engineers] }
  parameters:
    - { name: who, type: string, pattern: "[a-z]{1,40}" }
  steps:
    - { name: note, connection: pg, sql: "insert into incidents (who) values ({{who}})" }
---
Writes down who it was.
`;
const reaction = `
apiVersion: hoop/v1
kind: reaction
metadata: { name: three-denied-deletes }
spec:
  on: statement.denied
  statement: { effects: { any: [destroy] } }
  count: { atLeast: 3, within: 5m }
  quiet: 10m
  then:
    - pause: { for: 10m }
    - run: { runbook: record-who, as: { machine: responder }, with: { who: { field: subject.name } } }
    - openReview: { hold: { approvals: { groups: admins }, expires: 10m } }
`;

let target: PostgresServer;
let hoop: RunningHoop;
beforeAll(async () => {
  target = await startPostgres({ version: 15, sql: "create table incidents (who text)" });
  hoop = await startHoop({ target, policy });
});
afterAll(async () => {
  await hoop?.stop();
  await target?.stop();
});

it("three denied deletes pause the session, run a runbook that records who, and open a review that releases it", async () => {
  const json = async <T>(...args: readonly string[]) => JSON.parse(await hoop.hoop("admin", [...args, "--json"])) as T;
  const write = (name: string, text: string): string => {
    const file = join(hoop.folder, name);
    writeFileSync(file, text);
    return file;
  };
  await hoop.hoop("admin", ["service-accounts", "add", "responder", "--group", "engineers"]);
  await hoop.hoop("admin", ["runbook", "write", write("record-who.md", runbook)]);
  await hoop.hoop("admin", ["reactions", "apply", "-f", write("reactions.yaml", reaction)]);
  const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
  client.on("error", () => {});
  await client.connect();
  for (let n = 0; n < 3; n++) await expect(client.query("drop table incidents")).rejects.toThrow(/no-deletes/);
  let answered = false;
  const held = client.query("select 1 as one").then(({ rows }) => {
    answered = true;
    return rows;
  });
  const seen = new pg.Client({
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
  });
  await seen.connect();
  await until(
    "the runbook has recorded who",
    async () => (await seen.query("select who from incidents")).rows.length > 0,
    60_000,
  );
  expect((await seen.query("select who from incidents")).rows).toEqual([{ who: "ada" }]);
  await seen.end();
  const reviews = () => json<readonly { id: string; state: string }[]>("review", "ls");
  await until("a review is open", async () => (await reviews()).length > 0, 60_000);
  expect(answered).toBe(false);
  // The whole chain is in the log: event, rule, run, session.
  const finished = await until(
    "the run's end is an event",
    async () =>
      (
        await json<readonly { cause: { event: string; rule: string; run: string | null }[]; data: { run: string } }[]>(
          "events",
          "ls",
          "--type",
          "runbook.finished",
        )
      )[0],
    60_000,
  );
  expect(finished.cause).toMatchObject([{ rule: "three-denied-deletes", run: expect.any(String) }]);
  expect(finished.data).toMatchObject({ runbook: "record-who", outcome: "succeeded", steps: 1, error: null });
  // It comes by the journal, and so may come after the run's end.
  const own = await until(
    "its session is an event",
    async () =>
      (
        await json<
          readonly {
            session: string;
            subject: { name: string };
            cause: { event: string; rule: string; run: string }[];
          }[]
        >("events", "ls", "--type", "session.opened")
      ).find(({ subject }) => subject.name === "responder"),
    60_000,
  );
  expect(own.cause.map(({ rule }) => rule)).toEqual(["three-denied-deletes"]);

  // From each of them one comes to the others: the run names event and rule, its step the session, the session's event all three.
  const [link] = finished.cause;
  expect(link!.run).toBe(finished.data.run);
  const run = await json<{
    origin: string;
    cause: { event: string; rule: string; run: string }[];
    steps: { name: string; session: string }[];
  }>("runbook", "runs", finished.data.run);
  expect(run.origin).toBe("rule");
  expect(run.cause).toEqual([{ event: link!.event, rule: "three-denied-deletes", run: finished.data.run }]);
  expect(own.cause).toEqual(run.cause);
  expect(run.steps.map(({ name, session }) => [name, session])).toEqual([["note", own.session]]);
  const denials = await json<readonly { id: string; session: string }[]>("events", "ls", "--type", "statement.denied");
  expect(denials.map(({ id }) => id)).toContain(link!.event);
  await hoop.hoop("admin", ["review", "approve", (await reviews())[0]!.id]);
  expect(await held).toEqual([{ one: 1 }]);
  await client.end();
}, 300_000);
