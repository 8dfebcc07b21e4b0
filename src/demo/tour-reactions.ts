import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import pc from "picocolors";
import { HoopError } from "../vocabulary/index.js";
import type { Demo } from "./start.js";
import type { Place } from "./tour.js";

const runbook = `---
apiVersion: hoop/v1
kind: runbook
metadata: { name: record-who }
spec:
  who: { groups: [engineers] }
  parameters:
    - { name: who, type: string, pattern: "[a-z0-9._-]{1,64}" }
  steps:
    - { name: note, connection: pg-demo, sql: "insert into incidents (who) values ({{who}})" }
---
Started by the reaction three-denied-deletes.
`;

const reaction = `apiVersion: hoop/v1
kind: reaction
metadata: { name: three-denied-deletes }
spec:
  on: statement.denied
  where: { connection: pg-demo }
  statement: { effects: { any: [write, destroy] } }
  count: { atLeast: 3, within: 5m }
  quiet: 10m
  then:
    - pause: { for: 10m, notice: somebody will look at it }
    - run: { runbook: record-who, as: { machine: responder }, with: { who: { field: subject.name } } }
    - openReview: { hold: { approvals: { groups: admins }, expires: 10m } }
`;

/** Three refused deletes pause the session, a runbook writes down who it was, and a review is opened that releases it. */
export async function tourReactions(demo: Demo, place: Place, say: (text: string) => void): Promise<void> {
  const written = (name: string, text: string): string => {
    const file = join(demo.engineerHome, name);
    writeFileSync(file, text);
    return file;
  };
  await demo.hoop("admin", "service-accounts", "add", "responder", "--group", "writers", "--group", "engineers");
  await demo.hoop("admin", "runbook", "write", written("record-who.md", runbook));
  await demo.hoop("admin", "reactions", "apply", "-f", written("reactions.yaml", reaction));
  say(`\n${pc.dim("$")} ${pc.bold("hoop reactions explain three-denied-deletes")}`);
  say((await demo.hoop("admin", "reactions", "explain", "three-denied-deletes")).split("\n")[0]!);

  const client = new pg.Client({ host: place.host, port: place.port, user: "you", database: "demo" });
  const notices: string[] = [];
  client.on("error", () => {});
  client.on("notice", ({ message }) => notices.push(message ?? ""));
  await client.connect();
  try {
    for (let n = 1; n <= 3; n++) {
      const refused = await client.query("delete from orders").then(
        () => "it was let through",
        (error: Error) => error.message,
      );
      say(`${pc.dim(`${n}.`)} delete from orders: ${refused}`);
    }
    const held = client.query("select count(*)::int as orders from orders");
    held.catch(() => {});
    await until("the session should have been paused", () => notices.some((text) => text.includes("paused")));
    say(pc.yellow(notices.find((text) => text.includes("paused"))!));
    const review = await until("a review should have been opened", async () => {
      const found = JSON.parse(await demo.hoop("admin", "review", "ls", "--json")) as { id: string }[];
      return found[0]?.id;
    });
    say(`\n${pc.dim("$")} ${pc.bold("hoop events ls --type runbook.finished")}`);
    say((await demo.hoop("admin", "events", "ls", "--type", "runbook.finished")).trimEnd());
    say(`\n${pc.dim("$")} ${pc.bold(`hoop review approve ${review}`)}`);
    say((await demo.hoop("admin", "review", "approve", review)).trimEnd());
    const { rows } = await held;
    say(`The session goes on: ${JSON.stringify(rows)}`);
  } finally {
    await client.end().catch(() => {});
  }
}

async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new HoopError("internal", what);
    await sleep(200);
  }
}
