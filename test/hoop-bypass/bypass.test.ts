import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultPolicy } from "../../src/policy/defaults.js";
import { writeFileSync } from "node:fs";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { defining } from "./defining.js";
import { reading } from "./reading.js";
import { canary, seed } from "./seed.js";
import { type Outcome, play, type Trick } from "./trick.js";
import { writing } from "./writing.js";

let target: PostgresServer;
let hoop: RunningHoop;
let databases = 0;

const sql = async (database: string, text: string): Promise<void> => {
  const client = new pg.Client({ host: target.folder, port: target.port, user: "postgres", database });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
};

async function freshDatabase(): Promise<string> {
  const name = `t${++databases}`;
  await sql("postgres", `create database ${name} template seed`);
  return name;
}

/** Plays a trick through Hoop and says what was seen of it. */
async function through({ host, port }: { host: string; port: number }, trick: Trick, database: string): Promise<Outcome> {
  const fill = (step: string): string => step.replaceAll("@folder@", target.folder).replaceAll("@port@", String(target.port)).replaceAll("@database@", database);
  return play(trick.slice(1).map(fill), { host, port, database }, (text) => sql(database, text));
}

function judge([expected]: Trick, outcome: Outcome): void {
  const at = outcome.bytes.search(canary);
  const seen = at < 0 ? "" : outcome.bytes.slice(Math.max(0, at - 60), at + 60).replace(/[^\x20-\x7e]/g, ".");
  expect(seen, "a canary came through").toBe("");
  if (expected === "refused") expect(outcome.refusals.length, `nothing was refused; errors: ${outcome.errors.join("; ")}`).toBeGreaterThan(0);
  if (expected === "masked") expect(outcome.refusals, "refused, though masks would do").toEqual([]);
}

const open = `
apiVersion: hoop/v1
kind: access
metadata: { name: nearly-everything }
spec: { who: { group: engineers }, where: everywhere, effects: [read, write, define, destroy, admin, execute, connect, unknown] }
---
${defaultPolicy.split("\n---\n").filter((part) => /kind: mask/.test(part)).join("\n---\n")}`;

const titled = (tricks: readonly Trick[]) => tricks.map((trick) => [trick.slice(1).join(" ⏎ ").slice(0, 300), trick] as const);

beforeAll(async () => {
  target = await startPostgres({ version: 15, auth: "trust", settings: { max_prepared_transactions: "2" } });
  await sql("postgres", "create database seed");
  await sql("seed", seed(target.folder, target.port));
  await sql("postgres", "drop database app");
  await sql("postgres", "create database app template seed");
  hoop = await startHoop({ target, policy: defaultPolicy, groups: ["engineers", "writers"] });
});

afterAll(async () => {
  await hoop?.stop();
  await target?.stop();
});

describe("reading as the owner under the default policy", () => {
  it.each(titled(reading))("%s", async (_, trick) => judge(trick, await through(hoop, trick, "app")));
});

describe("writing as the owner under the default policy", () => {
  it.each(titled(writing))("%s", async (_, trick) => judge(trick, await through(hoop, trick, "app")));
});

describe("defining, where only masks stand", () => {
  beforeAll(async () => {
    writeFileSync(`${hoop.folder}/open.yaml`, open);
    await hoop.hoop("admin", ["apply", "-f", `${hoop.folder}/open.yaml`, "--prune", "--yes"]);
    await new Promise((resolve) => setTimeout(resolve, 700));
  });
  it.each(titled(defining))("%s", async (_, trick) => judge(trick, await through(hoop, trick, await freshDatabase())));
});
