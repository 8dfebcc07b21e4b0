import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Replicas, startReplicas } from "../support/replicas.js";

const cli = new URL("../../dist/cli.js", import.meta.url).pathname;

const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: people }
spec: { who: { group: [engineers] }, where: everywhere, effects: [read, write, define, connect] }
---
apiVersion: hoop/v1
kind: access
metadata: { name: agents }
spec: { who: { group: [agents] }, where: everywhere, effects: [read, write, destroy, connect] }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: hidden-from-people }
spec: { except: { group: agents }, columns: [email], mask: { method: redact } }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: hidden-from-agents }
spec: { except: { group: engineers }, columns: [note], mask: { method: redact } }
---
apiVersion: hoop/v1
kind: guard
metadata: { name: writes-need-eyes }
spec:
  on: statements
  who: { group: [agents] }
  when: { effects: { any: [write] } }
  action: hold
  hold: { approvals: { count: 1, groups: [engineers, admins] }, expires: 10m }
`;

/** What an agent of AI does for a person, through the whole of Hoop. */
describe("an agent that acts for ada", () => {
  let store: PostgresServer;
  let target: PostgresServer;
  let hoop: Replicas;
  let ada: { id: string; token: string };
  let bob: { id: string; token: string };
  let key: string;

  beforeAll(async () => {
    [store, target] = await Promise.all([
      startPostgres({ version: 15 }),
      startPostgres({
        version: 15,
        sql: "create table people (id int, email text, note text); insert into people values (1, 'a@example.com', 'secret')",
      }),
    ]);
    hoop = await startReplicas({ store, cli });
    const { one, admin, api } = hoop;
    await api(one, admin, "POST", "/groups", { name: "agents", description: "" });
    for (const name of ["pg", "other"])
      await api(one, admin, "POST", "/connections", {
        ...{ name, protocol: "postgres", host: target.host, port: target.port, agent: null, tls: { mode: "disable" } },
        target: { user: target.user, database: target.database },
        secret: target.password,
      });
    await api(one, admin, "POST", "/policy/apply", { text: policy, prune: true });
    ada = await hoop.person("ada", ["engineers"]);
    bob = await hoop.person("bob", ["engineers"]);
    await api(one, admin, "POST", "/service-accounts", { name: "claude-ci", kind: "agent", groups: ["agents"] });
    key = (await api<{ key: string }>(one, admin, "POST", "/service-accounts/claude-ci/keys", { name: "ci" })).key;
  });
  afterAll(async () => {
    await hoop?.stop();
    await Promise.all([store?.stop(), target?.stop()]);
  });

  const delegate = (more: object = {}) =>
    hoop.api<{ id: string }>(hoop.one, ada.token, "POST", "/delegations", { machine: "claude-ci", ...more });
  const acting = async (whom = "ada") =>
    (await hoop.api<{ access_token: string }>(hoop.one, key, "POST", "/token", { requested_subject: whom }))
      .access_token;
  async function session(token: string, connection = "pg"): Promise<pg.Client> {
    const door = await hoop.door(hoop.one, connection, () => token);
    const client = new pg.Client({ host: "127.0.0.1", port: door.port, user: "x", database: "app" });
    client.on("error", () => {});
    await client.connect();
    return client;
  }
  const outcome = (work: Promise<pg.QueryResult>) =>
    work.then(
      (result) => result.rows,
      (error: Error) => error.message,
    );

  it("cannot, until she says so", async () => {
    for (const whom of ["ada", "bob", "nobody-at-all"])
      expect(await hoop.api(hoop.one, key, "POST", "/token", { requested_subject: whom }, [403])).toMatchObject({
        detail: "nobody of that name lets claude-ci act for them",
      });
    await hoop.api(hoop.one, ada.token, "POST", "/delegations", { machine: "bob" }, [404]);
    await hoop.api(hoop.one, key, "POST", "/delegations", { machine: "claude-ci" }, [403]);
  });

  it("has the rights of both, sees what neither mask hides, and is shown under both names", async () => {
    await delegate();
    const client = await session(await acting());
    expect(await outcome(client.query("select id, email, note from people"))).toEqual([
      { id: 1, email: "***", note: "***" },
    ]);
    // Only the person may define, only the agent may destroy.
    expect(await outcome(client.query("create table x (a int)"))).toMatch(/access/);
    expect(await outcome(client.query("truncate people"))).toMatch(/access/);
    const live = await until("it is listed", async () => {
      const { items } = await hoop.api<{ items: { subject: { name: string } }[] }>(
        hoop.one,
        hoop.admin,
        "GET",
        "/sessions/live",
      );
      return items.find(({ subject }) => subject.name.startsWith("claude-ci"));
    });
    expect(live.subject.name).toBe("claude-ci for ada");
    await client.end();
    const recorded = await until("it is recorded", async () => {
      const { items } = await hoop.api<{ items: { id: string; subject: { name: string } }[] }>(
        hoop.one,
        hoop.admin,
        "GET",
        "/sessions",
      );
      return items.find(({ subject }) => subject.name === "claude-ci for ada");
    });
    const { items } = await hoop.api<{ items: { kind: string; actor?: object }[] }>(
      hoop.one,
      hoop.admin,
      "GET",
      `/sessions/${recorded.id}/entries`,
    );
    for (const entry of items.filter(({ kind }) => kind === "statement" || kind === "session-opened"))
      expect(entry.actor).toMatchObject({ name: "claude-ci", onBehalfOf: { name: "ada" } });
  });

  it("is bounded by what she said", async () => {
    await hoop.api<{ items: { id: string }[] }>(hoop.one, ada.token, "GET", "/delegations").then(async ({ items }) => {
      for (const { id } of items)
        await hoop.api(hoop.one, ada.token, "DELETE", `/delegations/${id}`, undefined, [204, 404]);
    });
    await delegate({ bounds: { connections: [{ names: ["pg"] }], readOnly: true } });
    const token = await acting();
    await expect(session(token, "other")).rejects.toThrow(/does not cover other/);
    const client = await session(token);
    expect(await outcome(client.query("update people set id = 2"))).toMatch(/for reading only/);
    expect(await outcome(client.query("select 1 as one"))).toEqual([{ one: 1 }]);
    await client.end();
    // A token for somebody is good for nothing in their name elsewhere.
    await hoop.api(hoop.one, token, "POST", "/token", { requested_subject: "ada" }, [403]);
    await hoop.api(hoop.one, token, "POST", "/delegations", { machine: "claude-ci" }, [403]);
  });

  it("has what is held approved by neither of both, and the review shows both", async () => {
    await delegate();
    const { items } = await hoop.api<{ items: { id: string; bounds: object }[] }>(
      hoop.one,
      ada.token,
      "GET",
      "/delegations",
    );
    const whole = items.find(({ bounds }) => Object.keys(bounds).length === 0)!;
    const client = await session(await acting(whole.id));
    const held = outcome(client.query("update people set id = 3"));
    const review = await until("it waits", async () => {
      const found = await hoop.api<{
        items: { id: string; state: string; requester: { name: string }; onBehalfOf: { name: string } | null }[];
      }>(hoop.one, hoop.admin, "GET", "/reviews?view=all");
      return found.items.find(({ state }) => state === "pending");
    });
    expect([review.requester.name, review.onBehalfOf?.name]).toEqual(["claude-ci", "ada"]);
    const approve = (token: string, ok: readonly number[]) =>
      hoop.api(hoop.one, token, "POST", `/reviews/${review.id}/approve`, { reason: "looks right" }, ok);
    await approve(ada.token, [403, 404]);
    await approve(key, [403, 404]);
    await approve(bob.token, [200, 201, 204]);
    expect(await held).toEqual([]);
    expect((await target.query("select id from people")).rows).toEqual([{ id: 3 }]);
    await client.end();
  });
});
