import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Sshd, startSshd } from "../ssh/sshd.js";
import { until } from "../support/clients.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Door, type Replicas, startReplicas } from "../support/replicas.js";

const cli = new URL("../../dist/cli.js", import.meta.url).pathname;
/** The promise is one second, and the figure itself is printed; here it counts that it ends before what runs in it does. */
const withinMs = 40_000;

const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: everything }
spec: { who: { group: [engineers] }, where: everywhere, effects: [read, write, define, destroy, admin, execute, connect, unknown] }
---
apiVersion: hoop/v1
kind: guard
metadata: { name: held }
spec:
  on: statements
  when: { effects: { any: [destroy, define] } }
  action: hold
  hold: { approvals: { count: 1, groups: [admins] }, expires: 1h }
`;

/** What a client was told when its lane ended. */
interface End {
  readonly at: number;
  readonly code: string | undefined;
  readonly text: string;
}

/** Each way in, and each way to lose it, across two replicas: what is taken away on one ends on the other. */
describe("what is revoked on one replica", () => {
  let store: PostgresServer;
  let target: PostgresServer;
  let site: Server;
  let sshd: Sshd;
  let hoop: Replicas;
  const figures: string[] = [];
  let person: { id: string; token: string; password: string };
  let round = 0;
  let name = "";

  beforeAll(async () => {
    [store, target, sshd] = await Promise.all([
      startPostgres({ version: 15 }),
      startPostgres({ version: 15, sql: "create table t (a int); insert into t select generate_series(1, 10)" }),
      startSshd(),
    ]);
    // Answers at once, and goes on for as long as it is let.
    site = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    site.listen(0, "127.0.0.1");
    await once(site, "listening");
    hoop = await startReplicas({ store, cli });
    const { one, admin } = hoop;
    await hoop.api(one, admin, "POST", "/connections", {
      name: "pg",
      protocol: "postgres",
      host: target.host,
      port: target.port,
      agent: null,
      tls: { mode: "disable" },
      target: { user: target.user, database: target.database },
      secret: target.password,
    });
    await hoop.api(one, admin, "POST", "/connections", {
      ...{ name: "pg-own", protocol: "postgres", host: target.host, port: target.port, agent: null },
      ...{ tls: { mode: "disable" }, target: { user: target.user, database: target.database } },
      ...{ secret: target.password, credential: { users: "ephemeral" } },
    });
    await hoop.api(one, admin, "POST", "/connections", {
      ...{ name: "web", protocol: "ssh", host: "127.0.0.1", port: sshd.port, agent: null, tls: { mode: "disable" } },
      ...{ target: { user: "root" }, secret: sshd.userKey },
    });
    await hoop.api(one, admin, "POST", "/connections", {
      name: "site",
      protocol: "http",
      host: "127.0.0.1",
      port: (site.address() as AddressInfo).port,
      agent: null,
      tls: { mode: "disable" },
      target: {},
    });
    await hoop.api(one, admin, "POST", "/policy/apply", { text: policy, prune: true });
  });
  afterAll(async () => {
    if (figures.length > 0) console.log(figures.join("\n"));
    site?.closeAllConnections();
    site?.close();
    await hoop?.stop();
    await Promise.all([store?.stop(), target?.stop(), sshd?.stop()]);
  });
  beforeEach(async () => {
    name = `person-${++round}`;
    person = await hoop.person(name, ["engineers"]);
  });

  /** A session through the other replica. */
  async function session(token: string, connection = "pg"): Promise<{ client: pg.Client; end: Promise<End> }> {
    const door = await hoop.door(hoop.other, connection, () => token);
    const client = new pg.Client({ host: "127.0.0.1", port: door.port, user: "x", database: "app" });
    const end = new Promise<End>((resolve) => {
      client.on("error", () => {});
      client.connection.on("errorMessage", (error: pg.DatabaseError) => {
        if (error.severity === "FATAL") resolve({ at: performance.now(), code: error.code, text: error.message });
      });
      client.once("end", () => resolve({ at: performance.now(), code: undefined, text: "closed without a word" }));
    });
    await until("it lets in", async () => {
      await client.connect();
      return true;
    });
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    return { client, end };
  }

  async function expectEnd(
    what: string,
    ends: readonly Promise<End>[],
    revoke: () => Promise<unknown>,
    words: RegExp,
  ): Promise<void> {
    const before = performance.now();
    await revoke();
    for (const end of ends) {
      const told = await Promise.race([
        end,
        new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`${what}: still open`)), withinMs).unref()),
      ]);
      expect(told).toMatchObject({ code: "57P01", text: expect.stringMatching(words) });
      figures.push(`${what}: ${Math.round(told.at - before)} ms after it was asked for on the other replica`);
    }
  }

  const disable = () => hoop.api(hoop.one, hoop.admin, "PATCH", `/users/${name}`, { disabled: true });

  it("ends idle and busy lanes of PostgreSQL, in its own words", async () => {
    const [idle, busy, opening] = [
      await session(person.token),
      await session(person.token),
      await session(person.token),
    ];
    void busy.client.query("select pg_sleep(60)").catch(() => {});
    await opening.client.query("begin");
    await expectEnd(
      "disabled, a lane of PostgreSQL",
      [idle.end, busy.end, opening.end],
      disable,
      new RegExp(`${name} was disabled`),
    );
    await until(
      "the target runs nothing of it",
      async () =>
        (await target.query("select 1 from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'"))
          .rowCount === 0,
    );
  });

  it("ends what waits for people, and its review", async () => {
    const { client, end } = await session(person.token);
    const held = client.query("drop table t").then(
      () => "it ran",
      (error: Error) => error.message,
    );
    const find = () =>
      hoop.api<{ items: { id: string; state: string; requester: { name: string } }[] }>(
        hoop.one,
        hoop.admin,
        "GET",
        "/reviews?view=all",
      );
    const review = await until("it waits", async () =>
      (await find()).items.find((one) => one.requester.name === name && one.state === "pending"),
    );
    await expectEnd("disabled, a held statement", [end], disable, /was disabled/);
    expect(await held).toMatch(/was disabled|terminated/);
    await until(
      "its review is closed",
      async () =>
        (await hoop.api<{ state: string }>(hoop.one, hoop.admin, "GET", `/reviews/${review.id}`)).state !== "pending",
    );
    expect((await target.query("select count(*)::int as n from t")).rows).toEqual([{ n: 10 }]);
  });

  it("ends an answer of HTTP that is under way", async () => {
    const door: Door = await hoop.door(hoop.other, "site", () => person.token);
    const socket = connect({ host: "127.0.0.1", port: door.port });
    let heard = "";
    socket.on("error", () => {});
    socket.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
    });
    socket.write("GET / HTTP/1.1\r\nhost: site.hoop\r\n\r\n");
    await until("it streams", async () => heard.includes("data: 1"));
    const closed = new Promise<number>((resolve) => socket.once("close", () => resolve(performance.now())));
    const before = performance.now();
    await disable();
    const at = await Promise.race([
      closed,
      new Promise<number>((_, reject) => setTimeout(() => reject(new Error("still open")), withinMs).unref()),
    ]);
    figures.push(`disabled, a stream over HTTP: ${Math.round(at - before)} ms`);
  });

  it("ends lanes of SSH, with what runs in them", async () => {
    const door: Door = await hoop.door(hoop.other, "web", () => person.token);
    const client = spawn(
      "ssh",
      [
        ...[
          "-F",
          "none",
          "-o",
          "StrictHostKeyChecking=no",
          "-o",
          "UserKnownHostsFile=/dev/null",
          "-o",
          "BatchMode=yes",
        ],
        ...["-o", "IdentityAgent=none", "-p", String(door.port), "x@127.0.0.1", `echo here; exec sleep 61${round}`],
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let heard = "";
    let told = "";
    client.stdout.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
    });
    client.stderr.setEncoding("utf8").on("data", (text: string) => {
      told += text;
    });
    const closed = once(client, "close");
    try {
      await until(`the command runs; ssh said: ${told}`, () => heard.includes("here"));
      const before = performance.now();
      await disable();
      const at = await Promise.race([
        closed.then(() => performance.now()),
        new Promise<number>((_, reject) => setTimeout(() => reject(new Error("still open")), withinMs).unref()),
      ]);
      figures.push(`disabled, a lane of SSH: ${Math.round(at - before)} ms`);
      expect(told).toMatch(new RegExp(`${name} was disabled`));
      expect(client.exitCode).not.toBe(0);
    } finally {
      client.kill();
      door.close();
    }
  });

  it("drops the user that was made for the session, also one that is busy", async () => {
    const { client, end } = await session(person.token, "pg-own");
    const { rows } = await client.query("select session_user::text as login");
    const [{ login }] = rows as [{ login: string }];
    expect(login).toMatch(new RegExp(`^hoop_${name.replace("-", "_")}_`));
    void client.query("select pg_sleep(60)").catch(() => {});
    await expectEnd("disabled, a session of its own user", [end], disable, /was disabled/);
    const before = performance.now();
    await until(
      "the target knows it no more",
      async () => (await target.query(`select 1 from pg_roles where rolname = '${login}'`)).rowCount === 0,
      withinMs,
    );
    figures.push(`its user at the target: gone ${Math.round(performance.now() - before)} ms after the session's end`);
    const list = await hoop.api<{ items: { name: string }[] }>(hoop.one, hoop.admin, "GET", "/credentials/users");
    expect(list.items.map((user) => user.name)).not.toContain(login);
  });

  it("ends tokens of programs and of browsers", async () => {
    const { headers } = await fetch(`${hoop.other.http}/api/v1/login`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: hoop.other.http },
      body: JSON.stringify({ name, password: person.password, as: "browser" }),
    });
    const cookie = headers.get("set-cookie")!.split(";")[0]!;
    const status = async (how: Record<string, string>) =>
      (await fetch(`${hoop.other.http}/api/v1/me`, { headers: how })).status;
    const bearer = { authorization: `Bearer ${person.token}` };
    expect([await status(bearer), await status({ cookie })]).toEqual([200, 200]);
    const before = performance.now();
    await disable();
    await until(
      "both are refused",
      async () => (await status(bearer)) === 401 && (await status({ cookie })) === 401,
      withinMs,
    );
    figures.push(`disabled, tokens: ${Math.round(performance.now() - before)} ms`);
  });

  it("leaving a group ends what it allowed", async () => {
    const { end } = await session(person.token);
    await expectEnd(
      "a group taken away",
      [end],
      () => hoop.api(hoop.one, hoop.admin, "PATCH", `/users/${name}`, { groups: [] }),
      /access to pg was withdrawn/,
    );
  });

  it("logging out ends the lanes of that login alone", async () => {
    const second = await hoop.signIn(hoop.one, name, person.password);
    const [first, other] = [await session(person.token), await session(second)];
    await expectEnd(
      "a logout",
      [first.end],
      () => hoop.api(hoop.one, person.token, "POST", "/logout", {}),
      /login that opened this session has ended/,
    );
    expect((await other.client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await other.client.end();
  });

  describe("of machines", () => {
    let agent: string;
    let key: string;
    beforeEach(async () => {
      agent = `agent-${round}`;
      await hoop.api(hoop.one, hoop.admin, "POST", "/service-accounts", {
        name: agent,
        kind: "agent",
        groups: ["engineers"],
      });
      key = await newKey("first");
    });
    const newKey = async (keyName: string, more: object = {}) =>
      (
        await hoop.api<{ key: string }>(hoop.one, hoop.admin, "POST", `/service-accounts/${agent}/keys`, {
          name: keyName,
          ...more,
        })
      ).key;
    const delegate = (more: object = {}) =>
      hoop.api<{ id: string }>(hoop.one, person.token, "POST", "/delegations", { machine: agent, ...more });
    const onBehalf = async (of = key) =>
      (await hoop.api<{ access_token: string }>(hoop.one, of, "POST", "/token", { requested_subject: name }))
        .access_token;

    it("a revoked key ends what it opened, and what was got with it", async () => {
      const young = await newKey("young");
      await delegate();
      const [own, acting, kept] = [await session(key), await session(await onBehalf()), await session(young)];
      const revoke = () => hoop.api(hoop.one, hoop.admin, "DELETE", `/service-accounts/${agent}/keys/first`);
      await expectEnd("a key revoked", [own.end, acting.end], revoke, /was revoked/);
      expect((await kept.client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
      await kept.client.end();
    });

    it("a disabled account ends all of its lanes", async () => {
      const { end } = await session(key);
      await expectEnd(
        "an account disabled",
        [end],
        () => hoop.api(hoop.one, hoop.admin, "PATCH", `/service-accounts/${agent}`, { disabled: true }),
        /was disabled/,
      );
    });

    it("an ended delegation ends what was opened under it, and nothing else of the agent", async () => {
      const { id } = await delegate();
      const [acting, own] = [await session(await onBehalf()), await session(key)];
      await expectEnd(
        "a delegation ended",
        [acting.end],
        () => hoop.api(hoop.one, person.token, "DELETE", `/delegations/${id}`),
        new RegExp(`${name} lets ${agent} act for them no more`),
      );
      expect((await own.client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
      await own.client.end();
    });

    it("a person who is disabled takes along those who act for them", async () => {
      await delegate();
      const token = await onBehalf();
      const { end } = await session(token);
      await expectEnd("the person disabled", [end], disable, new RegExp(`${name} was disabled`));
      await hoop.api(hoop.other, token, "GET", "/me", undefined, [401]);
      // Switched on again, nobody acts for them until they say so.
      await hoop.api(hoop.one, hoop.admin, "PATCH", `/users/${name}`, { disabled: false });
      await hoop.api(hoop.other, token, "GET", "/me", undefined, [401]);
      await hoop.api(hoop.one, key, "POST", "/token", { requested_subject: name }, [403]);
    });

    it("a person who loses a right takes it from those who act for them", async () => {
      await delegate();
      const { end } = await session(await onBehalf());
      await expectEnd(
        "the person's group taken away",
        [end],
        () => hoop.api(hoop.one, hoop.admin, "PATCH", `/users/${name}`, { groups: [] }),
        /access to pg was withdrawn/,
      );
    });

    it("a key ends by the clock, with what it opened", async () => {
      const short = await newKey("short", { expiresInSeconds: 3_600 });
      // An hour is long for a test: what the key says of its end is brought nearer.
      const { rows } = await store.query(`update machine_logins m set bounds = jsonb_set(m.bounds, '{0,until}',
          to_jsonb(floor(extract(epoch from now() + interval '15 seconds') * 1000)::bigint))
        from service_keys k where k.id = m.login_id and k.name = 'short' and k.ended_at is null and m.bounds->0 ? 'until'
          and k.subject_id = (select id from subjects where name = '${agent}')
        returning (m.bounds->0->>'until')::float8 as until`);
      const { end } = await session(short);
      const told = await Promise.race([
        end,
        new Promise<null>((resolve) => setTimeout(() => resolve(null), 60_000).unref()),
      ]);
      expect(told).toMatchObject({ code: "57P01", text: expect.stringMatching(/key "short" has ended/) });
      const late = Date.now() - (rows[0] as { until: number }).until;
      expect(late).toBeGreaterThanOrEqual(0);
      figures.push(`a key that ended by the clock: ${Math.round(late)} ms after its end`);
    });
  });
});
