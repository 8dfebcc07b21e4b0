import { createHmac, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Receiver, startReceiver } from "./support.js";

interface EventView {
  readonly type: string;
  readonly session: string | null;
  readonly subject: { readonly name: string } | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly cause: readonly { readonly rule: string }[];
}

const policy = `${allowAll}
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-deletes }
spec:
  on: statements
  when: { effects: { any: [destroy] } }
  action: deny
  reason: nothing is dropped by hand
`;

const document = (name: string, spec: string) => `---
apiVersion: hoop/v1
kind: reaction
metadata: { name: ${name} }
spec:
${spec.replace(/^/gm, "  ")}
`;

/** The whole way: a statement is refused, a rule fires, and the session, people and receivers hear of it. */
describe("reactions", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let receiver: Receiver;
  const clients: pg.Client[] = [];
  beforeAll(async () => {
    receiver = await startReceiver();
    target = await startPostgres({
      version: 15,
      sql: "create table customers (id int, email text); insert into customers values (1, 'ada@example.com')",
    });
    hoop = await startHoop({ target, policy });
    await hoop.hoop(
      "admin",
      ["users", "add", "grace", "--group", "engineers", "--password-stdin"],
      "a long password for tests",
    );
  });
  afterAll(async () => {
    for (const client of clients) await client.end().catch(() => {});
    await hoop?.stop();
    await target?.stop();
    await receiver?.close();
  });

  async function connect(): Promise<pg.Client & { readonly notices: string[]; readonly ended: Promise<string> }> {
    const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    const notices: string[] = [];
    client.on("notice", ({ message }) => notices.push(message ?? ""));
    const ended = new Promise<string>((resolve) => {
      client.on("error", (error) => resolve(error.message));
      client.on("end", () => resolve("ended"));
    });
    await client.connect();
    clients.push(client);
    return Object.assign(client, { notices, ended });
  }

  async function apply(text: string): Promise<void> {
    const file = join(hoop.folder, "reactions.yaml");
    writeFileSync(file, text);
    await hoop.hoop("admin", ["reactions", "apply", "-f", file]);
  }

  const json = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse(await hoop.hoop("admin", [...args, "--json"])) as T;
  const eventsOf = (type: string) => json<readonly EventView[]>("events", "ls", "--type", type, "--limit", "200");
  const denied = (client: pg.Client) =>
    expect(client.query("drop table customers")).rejects.toThrow(/nothing is dropped/);

  it("refuses a rule with an unknown field, with file, line and what was meant", async () => {
    const file = join(hoop.folder, "bad.yaml");
    writeFileSync(file, document("bad", "on: statement.denied\nwhen: 'data.reazons.size() > 0'\nthen:\n  - kill: {}"));
    await expect(hoop.hoop("admin", ["reactions", "apply", "-f", file])).rejects.toThrow(
      /bad\.yaml, document \d \(line \d\), reaction "bad", spec\.when: the expression .*reazons/s,
    );
    writeFileSync(file, document("bad", "on: statement.denyed\nthen:\n  - kil: {}"));
    await expect(hoop.hoop("admin", ["reactions", "apply", "-f", file])).rejects.toThrow(
      /unknown word "statement.denyed" \(did you mean "statement.denied"\?\)[\s\S]*unknown key "kil" \(did you mean "kill"\?\)/,
    );
    writeFileSync(file, document("bad", "on: user.changed\nthen:\n  - pause: {}"));
    await expect(hoop.hoop("admin", ["reactions", "apply", "-f", file])).rejects.toThrow(
      /needs a session, and events of type user\.changed have none/,
    );
    writeFileSync(file, document("bad", "on: session.opened\nthen:\n  - notify: { receiver: nowhere }"));
    await expect(hoop.hoop("admin", ["reactions", "apply", "-f", file])).rejects.toThrow(/there is no such receiver/);
  });

  it("pauses a session at the third refusal, tells a signed webhook, and goes on when somebody releases it", async () => {
    await apply(
      `apiVersion: hoop/v1
kind: receiver
metadata: { name: ops }
spec: { type: webhook, url: "${receiver.url}/hook" }
${document(
  "three-strikes",
  `on: statement.denied
where: { connection: pg }
statement: { effects: { any: [destroy] } }
when: 'data.reasons.exists(r, r.rule == "no-deletes")'
count: { atLeast: 3, within: 5m }
quiet: 1m
then:
  - pause: { for: 10m, notice: call grace }
  - notify: { receiver: ops, text: three strikes }`,
)}`,
    );
    const secret = `whsec_${randomBytes(32).toString("base64")}`;
    await hoop.hoop("admin", ["reactions", "secret", "ops"], `${secret}\n`);
    expect(JSON.stringify(await json("reactions", "ls"))).not.toContain(secret);
    const client = await connect();
    await denied(client);
    await denied(client);
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await denied(client);
    await until("what the test waits for", () => client.notices.some((text) => text.includes("call grace")));

    let answered = false;
    const held = client.query("select 2 as two").then((result) => {
      answered = true;
      return result.rows;
    });
    await until("what the test waits for", () => receiver.received.length === 1);
    const { headers, body } = receiver.received[0]!;
    const signed = createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
      .update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`)
      .digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${signed}`);
    expect(JSON.parse(body)).toMatchObject({
      type: "statement.denied",
      data: { rule: "three-strikes", text: "three strikes", events: 3, event: { subject: { name: "ada" } } },
    });
    expect(answered).toBe(false);
    const [restraint] = await json<readonly { id: string; kind: string; rule: string }[]>("reactions", "restraints");
    expect(restraint).toMatchObject({ kind: "pause", rule: "three-strikes" });
    await hoop.hoop("admin", ["reactions", "release", restraint!.id]);
    expect(await held).toEqual([{ two: 2 }]);

    // Quiet for a minute: what would fire again is counted.
    for (let n = 0; n < 3; n++) await denied(client);
    expect((await client.query("select 3 as three")).rows).toEqual([{ three: 3 }]);
    await until("what the test waits for", async () => {
      const items = await json<readonly { name: string; counts: object }[]>("reactions", "ls");
      const counts = items.find(({ name }) => name === "three-strikes")!.counts as { fired: number; quiet: number };
      return counts.fired === 1 && counts.quiet === 1;
    });
    expect(receiver.received.length).toBe(1);
    expect(await hoop.hoop("admin", ["reactions", "explain", "three-strikes"])).toMatch(
      /statement\.denied happens[\s\S]*3 times within 5m/,
    );
    expect(await hoop.hoop("admin", ["reactions", "dry-run", "three-strikes"])).toMatch(
      /6 match; it would have fired 1 times/,
    );
    await hoop.hoop("admin", ["reactions", "disable", "three-strikes"]);
    await client.end();
  }, 300_000);

  it("ends a session at once, and neither answers the end of it again", async () => {
    await apply(
      document(
        "kill-drops",
        "on: [statement.denied, session.killed]\nby: session\nthen:\n  - kill: { reason: go home }",
      ),
    );
    const client = await connect();
    await client.query("drop table customers").catch(() => {});
    expect(await client.ended).toMatch(/kill-drops.*go home|ended|terminat/);
    await until("what the test waits for", async () => (await eventsOf("session.killed")).length > 0);
    const [killed] = await eventsOf("session.killed");
    expect(killed!.data["text"]).toContain("go home");
    expect(killed!.cause.map(({ rule }) => rule)).toEqual(["kill-drops"]);
    await until("what the test waits for", async () => {
      const items = await json<readonly { name: string; counts: { guarded: number; fired: number } }[]>(
        "reactions",
        "ls",
      );
      const { counts } = items.find(({ name }) => name === "kill-drops")!;
      return counts.guarded === 1 && counts.fired === 1;
    });
    await hoop.hoop("admin", ["reactions", "disable", "kill-drops"]);
  });

  it("masks more, for somebody, for a time", async () => {
    await apply(document("tighten", "on: statement.denied\nthen:\n  - tightenMasks: { for: 5m, columns: email }"));
    const client = await connect();
    expect((await client.query("select email from customers")).rows).toEqual([{ email: "ada@example.com" }]);
    await denied(client);
    await until(
      "what the test waits for",
      async () => (await client.query("select email from customers")).rows[0]!.email === "***",
    );
    const restraints = await json<readonly { id: string; kind: string }[]>("reactions", "restraints");
    await hoop.hoop("admin", ["reactions", "release", restraints.find(({ kind }) => kind === "masks")!.id]);
    await until(
      "what the test waits for",
      async () => (await client.query("select email from customers")).rows[0]!.email === "ada@example.com",
    );
    await hoop.hoop("admin", ["reactions", "rm", "tighten", "--yes"]);
    await client.end();
  });

  it("writes events of changes in the name of who made them", async () => {
    const users = await eventsOf("user.changed");
    expect(users.find(({ data }) => (data["user"] as { name: string }).name === "grace")).toMatchObject({
      subject: { name: "admin" },
      data: { change: "created", groups: ["engineers"] },
    });
    expect((await eventsOf("connection.changed"))[0]).toMatchObject({ subject: { name: "admin" }, connection: "pg" });
    const rules = (await eventsOf("rule.changed")).map(
      ({ data }) => `${data["change"]} ${data["kind"]} ${data["name"]}`,
    );
    expect(rules).toEqual(
      expect.arrayContaining([
        "created guard no-deletes",
        "created reaction three-strikes",
        "removed reaction tighten",
      ]),
    );
    expect((await eventsOf("agent.up")).length).toBe(1);
    const opened = (await eventsOf("session.opened")).map(({ session }) => session);
    expect(opened.length).toBeGreaterThanOrEqual(3);
    expect(new Set(opened).size).toBe(opened.length);
  });
});
