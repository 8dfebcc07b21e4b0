import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sshd, startSshd } from "../ssh/sshd.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { reviewer } from "../support/reviewer.js";

let postgres: PostgresServer;
let hoop: RunningHoop;
let sshd: Sshd;
let site: Server;
const requests: { readonly line: string; readonly body: string; readonly headers: IncomingMessage["headers"] }[] = [];

const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: everything }
spec:
  who: { group: [engineers, admins] }
  where: everywhere
  effects: [read, write, define, destroy, admin, execute, connect, unknown]
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-drops }
spec:
  where: { protocol: postgres }
  when: { effects: { any: [destroy] } }
  action: deny
  reason: nothing is destroyed here
`;

/** A runbook's text of these steps. */
function runbook(name: string, spec: string): string {
  return `---\napiVersion: hoop/v1\nkind: runbook\nmetadata:\n  name: ${name}\nspec:\n  who: { groups: [engineers] }\n${spec}\n---\nFor people.\n`;
}

async function write(name: string, spec: string): Promise<void> {
  const file = join(hoop.folder, `${name}.runbook.md`);
  writeFileSync(file, runbook(name, spec));
  await hoop.hoop("admin", ["runbook", "write", file]);
}

interface Detail {
  readonly id: string;
  readonly state: string;
  readonly error: string | null;
  readonly review: string | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly steps: readonly {
    readonly phase: string;
    readonly name: string;
    readonly state: string;
    readonly session: string | null;
    readonly sent: string | null;
    readonly error: string | null;
    readonly result: {
      readonly rows: number;
      readonly sample: readonly (readonly (string | null)[])[];
      readonly stdout: string;
      readonly status: number | null;
      readonly body: string;
    } | null;
  }[];
}

/** Runs it to its end, however that is. */
async function run(name: string, params: readonly string[] = [], input = ""): Promise<Detail> {
  const id = (
    await hoop.hoop(
      "engineer",
      ["runbook", "run", name, "--no-wait", ...params.flatMap((one) => ["--param", one])],
      input,
    )
  ).trim();
  return ended(id);
}

async function detail(id: string): Promise<Detail> {
  return JSON.parse(await hoop.hoop("engineer", ["runbook", "runs", id, "--json"])) as Detail;
}

async function ended(id: string): Promise<Detail> {
  for (let tries = 0; tries < 400; tries++) {
    const found = await detail(id);
    if (!["waiting", "running"].includes(found.state)) return found;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`run ${id} does not end`);
}

beforeAll(async () => {
  postgres = await startPostgres({ version: 15, settings: {} });
  sshd = await startSshd();
  site = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({
        line: `${request.method} ${request.url}`,
        body: Buffer.concat(chunks).toString(),
        headers: request.headers,
      });
      if (request.url?.startsWith("/huge")) {
        const block = Buffer.alloc(1024 * 1024, 120);
        const more = (): void => {
          while (!response.destroyed && response.write(block));
          if (!response.destroyed) response.once("drain", more);
        };
        response.writeHead(200);
        return more();
      }
      if (request.url?.startsWith("/hang")) return;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ ok: true, count: 3 }));
    });
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  const sitePort = (site.address() as AddressInfo).port;
  hoop = await startHoop({
    target: postgres,
    policy,
    agentFlags: ["--allow", `127.0.0.1:${sshd.port}`, "--allow", `127.0.0.1:${sitePort}`],
  });
  const keyFile = join(hoop.folder, "web-1.key");
  writeFileSync(keyFile, sshd.userKey, { mode: 0o600 });
  const add = ["connections", "add"];
  await hoop.hoop("admin", [
    ...add,
    "web-1",
    "--protocol",
    "ssh",
    "--host",
    "127.0.0.1",
    "--port",
    String(sshd.port),
    "--user",
    "root",
    "--agent",
    "site",
    "--secret-file",
    keyFile,
  ]);
  await hoop.hoop("admin", [
    ...add,
    "site",
    "--protocol",
    "http",
    "--host",
    "127.0.0.1",
    "--port",
    String(sitePort),
    "--agent",
    "site",
  ]);
  await write(
    "seed",
    `  parameters: []
  steps:
    - { name: table, connection: pg, sql: "create table if not exists people (id int primary key, name text, state text)" }
    - { name: rows, connection: pg, sql: "insert into people values (1, 'ada', 'on'), (2, 'bob', 'on') on conflict do nothing" }`,
  );
  expect(await run("seed")).toMatchObject({ state: "succeeded" });
});

afterAll(async () => {
  await hoop?.stop();
  await sshd?.stop();
  site?.closeAllConnections();
  site?.close();
  await postgres?.stop();
});

test("one run reaches a database, a server and an API, each in a recorded session of its own that names the run", async () => {
  const marker = join(hoop.folder, "marker");
  await write(
    "three",
    `  parameters:
    - { name: person, type: string, pattern: "[a-z' ;-]+" }
    - { name: file, type: string }
  steps:
    - { name: look, connection: pg, sql: "select id, name from people where name = {{person}}" }
    - { name: note, connection: web-1, run: "printf %s {{file}}", when: "steps.look.rows == 1" }
    - name: tell
      connection: site
      http: { method: POST, path: "/people/{{steps.look.value}}", query: { who: "{{person}}" }, json: { id: "{{steps.look.value}}", text: "found {{person}}" } }
    - { name: never, connection: pg, sql: "select 1", when: "steps.tell.json.count > 3" }`,
  );
  const done = await run("three", ["person=ada", `file=${marker}`]);
  expect(done.error).toBeNull();
  expect(done).toMatchObject({
    state: "succeeded",
    steps: [
      { name: "look", state: "succeeded", result: { rows: 1, sample: [["1", "ada"]] } },
      { name: "tell", state: "succeeded", result: { status: 200 } },
      { name: "never", state: "skipped" },
    ].length
      ? [{ name: "look" }, { name: "note" }, { name: "tell" }, { name: "never", state: "skipped" }]
      : [],
  });
  expect(requests.at(-1)).toMatchObject({ line: "POST /people/1?who=ada", body: '{"id":"1","text":"found ada"}' });
  for (const step of done.steps.slice(0, 3)) {
    expect(step.session).toMatch(/^[0-9a-f-]{36}$/);
    const session = await hoop.hoop("admin", ["sessions", "show", step.session!, "--json"]);
    const { entries, subject } = JSON.parse(session) as {
      entries: { kind: string; run?: string }[];
      subject: { name: string };
    };
    expect(subject.name).toBe("ada");
    expect(entries.find(({ kind }) => kind === "session-opened")?.run).toBe(done.id);
    expect(entries.some(({ kind }) => kind === "statement")).toBe(true);
  }
});

test("values stay values: what would be SQL, shell or HTTP is data at its target", async () => {
  const evil = "'; drop table people; --";
  const canary = join(hoop.folder, "canary");
  await write(
    "inject",
    `  parameters: [{ name: value, type: string }]
  steps:
    - { name: sql, connection: pg, sql: "select {{value}}::text" }
    - { name: shell, connection: web-1, run: "printf '%s|' {{value}} -- end" }
    - { name: http, connection: site, http: { path: /q, query: { v: "{{value}}" }, headers: { x-value: "{{value}}" } } }`,
  );
  const tricks = [evil, `$(touch ${canary})`, `a'b"c\`touch ${canary}\``, "x & y ?z=1#f", `;touch ${canary};`];
  for (const value of tricks) {
    const done = await run("inject", [`value=${value}`]);
    expect([value, done.error]).toEqual([value, null]);
    expect(done.steps[0]!.result!.sample).toEqual([[value]]);
    expect(done.steps[1]!.result!.stdout).toBe(`${value}|--|end|`);
    expect(new URL(requests.at(-1)!.line.split(" ")[1]!, "http://x").searchParams.get("v")).toBe(value);
    expect(requests.at(-1)!.headers["x-value"]).toBe(value);
  }
  expect(existsSync(canary)).toBe(false);
});

test("the same gate: what the rules refuse fails the step, in the rules' own words", async () => {
  await write("drop", `  steps: [{ name: drop, connection: pg, sql: "drop table people" }]`);
  const done = await run("drop");
  expect(done.state).toBe("failed");
  expect(done.error).toContain("nothing is destroyed here");
  const dry = await hoop.hoop("engineer", ["runbook", "dry-run", "drop"]).catch((error: Error) => error.message);
  expect(dry).toContain("exited with 4");
  expect(dry).toContain("nothing is destroyed here");
});

test("what failed is undone, last first, and what came after is not run", async () => {
  await write(
    "undo",
    `  steps:
    - name: first
      connection: pg
      sql: "update people set state = 'off' where id = 1"
      compensate: { sql: "update people set state = 'on' where id = 1" }
    - name: second
      connection: pg
      sql: "update people set state = 'off' where id = 2"
      compensate: { sql: "update people set state = 'on' where id = 2 returning id" }
    - { name: breaks, connection: web-1, run: "echo no >&2; exit 3" }
    - { name: later, connection: pg, sql: "select 1" }`,
  );
  const done = await run("undo");
  expect(done.state).toBe("failed");
  expect(done.error).toContain("exit code 3: no");
  expect(done.steps.map(({ phase, name, state }) => `${phase} ${name} ${state}`)).toEqual([
    "step first succeeded",
    "step second succeeded",
    "step breaks failed",
    "compensation second succeeded",
    "compensation first succeeded",
  ]);
});

test("secret values are shown nowhere, and what a target echoes is cleaned", async () => {
  await write(
    "secret",
    `  parameters: [{ name: password, type: string, secret: true }]
  steps: [{ name: echo, connection: web-1, run: "echo got {{password}}" }]`,
  );
  const id = (await hoop.hoop("engineer", ["runbook", "run", "secret", "--no-wait"], "hunter2-hunter2\n")).trim();
  const done = await ended(id);
  expect(done.state).toBe("succeeded");
  expect(JSON.stringify(done)).not.toContain("hunter2");
  expect(done.parameters).toEqual({ password: "(secret)" });
  expect(done.steps[0]!.result!.stdout).toBe("got (secret)\n");
});

test("the same key twice is one run", async () => {
  const once = await hoop.hoop("engineer", ["runbook", "run", "seed", "--no-wait", "--key", "deploy-7"]);
  const twice = await hoop.hoop("engineer", ["runbook", "run", "seed", "--no-wait", "--key", "deploy-7"]);
  expect(twice).toBe(once);
});

test("wrong parameters are named, each with what is wrong", async () => {
  await write(
    "typed",
    `  parameters: [{ name: n, type: number, min: 1 }, { name: c, type: connection, protocol: ssh }]\n  steps: [{ name: go, connection: "{{c}}", run: "echo {{n}}" }]`,
  );
  const words = await hoop
    .hoop("engineer", ["runbook", "run", "typed", "--param", "n=0", "--param", "c=pg", "--param", "x=1"])
    .catch((error: Error) => error.message);
  for (const part of ["n must be 1 or more", "c must be a connection of ssh", 'no parameter "x"'])
    expect(words).toContain(part);
  expect(await run("typed", ["n=5", "c=web-1"])).toMatchObject({
    state: "succeeded",
    steps: [{ result: { stdout: "5\n" } }],
  });
});

test("a run that needs people waits for them, runs when they approve, and not when they deny", async () => {
  await write(
    "reviewed",
    `  review: { approvals: [{ count: 1, groups: [admins] }] }\n  steps: [{ name: go, connection: pg, sql: "select 42" }]`,
  );
  const people = reviewer(hoop);
  const start = async () => (await hoop.hoop("engineer", ["runbook", "run", "reviewed", "--no-wait"])).trim();
  const known: string[] = [];
  for (const verdict of ["approve", "deny"] as const) {
    const id = await start();
    const review = await people.next("pending", known);
    known.push(review);
    expect((await detail(id)).state).toBe("waiting");
    expect((await people.content(review)).text).toContain("select 42");
    if (verdict === "approve") await hoop.hoop("admin", ["runbook", "approve", id]);
    else await people.decide(review, "deny", "not today");
    const done = await ended(id);
    if (verdict === "approve")
      expect(done).toMatchObject({ state: "succeeded", review, steps: [{ result: { sample: [["42"]] } }] });
    else expect(done).toMatchObject({ state: "denied", steps: [] });
  }
});

test("the review of a run says which runbook, with what, and what each step would send; secrets are a mark", async () => {
  await write(
    "told",
    `  review: { approvals: [{ count: 1, groups: [admins] }] }
  parameters: [{ name: who, type: string }, { name: password, type: string, secret: true }, { name: note, type: string, optional: true }]
  steps:
    - { name: look, connection: pg, sql: "select {{who}}::text", compensate: { sql: "select 'back'" } }
    - { name: say, connection: web-1, run: "echo {{password}}", when: "steps.look.rows == 1" }
    - { name: drop, connection: pg, sql: "drop table people" }`,
  );
  const people = reviewer(hoop);
  const id = (
    await hoop.hoop("engineer", ["runbook", "run", "told", "--no-wait", "--param", "who=ada"], "hunter2-hunter2\n")
  ).trim();
  const review = await people.next("pending");
  const shown = JSON.parse(await hoop.hoop("admin", ["review", "show", review, "--json"])) as Record<string, unknown>;
  expect(shown).toMatchObject({
    kind: "run",
    preview: `runbook told, version 1\nwith who="ada", password="(secret)"\nsteps: look, say, drop`,
    session: null,
    statement: null,
    connections: ["pg"],
    run: {
      ...{ run: id, runbook: "told", version: 1, runsAs: "ada" },
      parameters: [
        { name: "who", value: "ada" },
        { name: "password", value: "(secret)" },
        { name: "note", value: null },
      ],
      steps: [
        { phase: "step", name: "look", connection: "pg", sends: 'select $1::text\n$1 = "ada"', outcome: "allow" },
        { phase: "step", name: "say", connection: "web-1", when: "steps.look.rows == 1", sends: "echo '(secret)'" },
        {
          phase: "step",
          name: "drop",
          outcome: "deny",
          reasons: [expect.stringContaining("nothing is destroyed here")],
        },
        { phase: "compensation", name: "look", when: "the run fails", sends: "select 'back'" },
      ],
    },
  });
  const words = await hoop.hoop("admin", ["review", "show", review]);
  for (const part of ["a run of the runbook told, version 1", "who = ada", "say on web-1", "drop on pg: deny"])
    expect(words).toContain(part);
  const text = await hoop.hoop("admin", ["review", "show", review, "--text"]);
  expect(text).toContain("echo '(secret)'");
  expect(JSON.stringify(shown) + words + text).not.toContain("hunter2");
  await hoop.hoop("engineer", ["runbook", "cancel", id]);
  expect(await ended(id)).toMatchObject({ state: "cancelled", steps: [] });
});

test("a hanging target costs the step its time; a huge answer is cut off; others go on", async () => {
  await write("slow", `  steps: [{ name: hang, connection: site, timeout: 2s, http: { path: /hang } }]`);
  await write("huge", `  steps: [{ name: huge, connection: site, http: { path: /huge } }]`);
  const [slow, huge, plain] = await Promise.all([run("slow"), run("huge"), run("seed")]);
  expect(slow).toMatchObject({ state: "failed" });
  expect(slow.error).toContain("longer than 2 s");
  expect(huge).toMatchObject({ state: "failed" });
  expect(huge.error).toContain("longer than 64 MB");
  expect(plain.state).toBe("succeeded");
});

test("a gateway that is killed leaves an interrupted run, which is never run again, and only what is safe is undone", async () => {
  const [safe, unsafe, count] = ["safe", "unsafe", "count"].map((name) => join(hoop.folder, name)) as [
    string,
    string,
    string,
  ];
  await write(
    "killed",
    `  parameters: [{ name: safe, type: string }, { name: unsafe, type: string }, { name: count, type: string }]
  steps:
    - { name: one, connection: web-1, run: "echo x >> {{count}}", compensate: { run: "touch {{safe}}", afterInterruption: true } }
    - { name: two, connection: web-1, run: "echo y >> {{count}}", compensate: { run: "touch {{unsafe}}" } }
    - { name: wait, connection: web-1, run: "sleep 60" }`,
  );
  const params = [`safe=${safe}`, `unsafe=${unsafe}`, `count=${count}`].flatMap((one) => ["--param", one]);
  const id = (await hoop.hoop("engineer", ["runbook", "run", "killed", "--no-wait", ...params])).trim();
  for (let tries = 0; tries < 300 && (await detail(id)).steps.length < 3; tries++)
    await new Promise((resolve) => setTimeout(resolve, 200));
  await hoop.gateway.kill();
  await hoop.gateway.start();
  const done = await ended(id);
  expect(done.state).toBe("interrupted");
  expect(done.error).toContain("during step wait");
  expect(done.steps.map(({ phase, name, state }) => `${phase} ${name} ${state}`)).toEqual([
    "step one succeeded",
    "step two succeeded",
    "step wait interrupted",
    "compensation one succeeded",
  ]);
  expect([existsSync(safe), existsSync(unsafe)]).toEqual([true, false]);
  expect(readFileSync(count, "utf8")).toBe("x\ny\n");
});

test("the audit with runs in it holds", async () => {
  expect(await hoop.verifyAudit()).toContain("runbook.started");
});
