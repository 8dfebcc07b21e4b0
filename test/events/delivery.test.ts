import { randomBytes, randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DeliveryView } from "../../src/events/index.js";
import { until } from "../support/clients.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Receiver, startReceiver } from "./support.js";
import { by, type Gateway, reaction, sample, startGateway, webhook } from "./world.js";

/** What rules do outside of sessions: delivered, tried again, given up and replayed, by two gateways on one store. */
describe("delivery", () => {
  let postgres: PostgresServer;
  let one: Gateway;
  let other: Gateway;
  const receivers: Receiver[] = [];
  const secrets = new Map<string, string>();
  const key = () => `whsec_${randomBytes(32).toString("base64")}`;
  beforeAll(async () => {
    postgres = await startPostgres({ version: 15 });
    one = await startGateway(postgres, { secrets });
    other = await startGateway(postgres, { secrets });
  });
  afterAll(async () => {
    await one?.close();
    await other?.close();
    await postgres?.stop();
  });
  afterEach(async () => {
    for (const receiver of receivers.splice(0)) await receiver.close();
    for (const { kind, document } of (await one.events.list()).items)
      if (kind === "reaction") await one.events.remove(document.metadata.name, by);
  });

  async function receiver(): Promise<Receiver> {
    const made = await startReceiver();
    receivers.push(made);
    return made;
  }
  const apply = (text: string) => one.events.apply(text, { dryRun: false, by });
  const deliveries = (rule: string): Promise<readonly DeliveryView[]> => one.events.store.deliveries({ rule }, 200);
  async function stateOf(rule: string, state: DeliveryView["state"], count = 1): Promise<readonly DeliveryView[]> {
    let found: readonly DeliveryView[] = [];
    await until("what the test waits for", async () => {
      found = (await deliveries(rule)).filter((each) => each.state === state);
      return found.length >= count;
    });
    return found;
  }
  function hook(name: string, url: string, more = ""): string {
    secrets.set(name, key());
    return webhook(name, url, more);
  }

  it("tries again after 500, under the same id, and delivers once", async () => {
    const to = await receiver();
    let tries = 0;
    to.answer = (_, response) => void response.writeHead(++tries < 3 ? 500 : 200).end();
    await apply(
      hook("flaky", to.url) + reaction("flaky-rule", "on: session.opened\nthen:\n  - notify: { receiver: flaky }"),
    );
    const event = sample("session.opened");
    await one.events.store.add([event, event]);
    await other.events.store.add([event]);
    const [done] = await stateOf("flaky-rule", "done");
    expect(done!.attempts).toBe(3);
    expect(new Set(to.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(to.received.length).toBe(3);
    // Told again later it is still the same event.
    await one.events.store.add([event]);
    await one.events.store.add([sample("session.closed")]);
    await until(
      "what the test waits for",
      async () => (await one.events.store.list({ types: ["session.closed"] }, null, 10)).length > 0,
    );
    expect((await deliveries("flaky-rule")).length).toBe(1);
  });

  it("waits as long as 429 asks", async () => {
    const to = await receiver();
    to.answer = (_, response) => void response.writeHead(429, { "retry-after": "1800" }).end("slow down");
    await apply(
      hook("busy", to.url) + reaction("busy-rule", "on: session.opened\nthen:\n  - notify: { receiver: busy }"),
    );
    await one.events.store.add([sample("session.opened")]);
    await until("what the test waits for", async () => (await deliveries("busy-rule"))[0]?.error != null);
    const [waiting] = await deliveries("busy-rule");
    expect(waiting).toMatchObject({ state: "ready", attempts: 1, error: "it answered 429: slow down" });
    expect(waiting!.nextAt - Date.now()).toBeGreaterThan(25 * 60_000);
    expect(to.received.length).toBe(1);
  });

  it("does not follow a redirect to a metadata address, and never dials one", async () => {
    const to = await receiver();
    to.answer = (_, response) =>
      void response.writeHead(307, { location: "http://169.254.169.254/latest/meta-data/iam" }).end();
    await apply(
      hook("redirects", to.url) +
        hook("metadata", "http://169.254.169.254/latest") +
        hook("mapped", "http://[::ffff:169.254.169.254]/latest", ", allowPlaintext: true") +
        hook("plain", "http://192.0.2.7/x") +
        reaction(
          "ssrf",
          "on: session.opened\nthen:\n  - notify: { receiver: redirects }\n  - notify: { receiver: metadata }\n  - notify: { receiver: mapped }\n  - notify: { receiver: plain }",
        ),
    );
    await one.events.store.add([sample("session.opened")]);
    const dead = await stateOf("ssrf", "dead", 4);
    expect(dead.map(({ target, error }) => [target, error]).sort()).toEqual([
      ["receiver mapped", expect.stringContaining("metadata")],
      ["receiver metadata", expect.stringContaining("metadata")],
      ["receiver plain", expect.stringContaining("not https")],
      ["receiver redirects", expect.stringContaining("redirects are not followed")],
    ]);
    expect(to.received.length).toBe(1);
  });

  it("reads little of an answer without end, and lets nobody wait for a receiver that hangs", async () => {
    const huge = await receiver();
    let sent = 0;
    huge.answer = (_, response) => {
      response.writeHead(200, { "content-length": String(1 << 30) });
      const block = Buffer.alloc(64 * 1024, "x");
      const more = (): void => {
        while (sent < 1 << 30 && !response.destroyed) {
          sent += block.length;
          if (!response.write(block)) return void response.once("drain", more);
        }
      };
      more();
    };
    const hangs = await receiver();
    // How many waited for it at the same moment: each of them gives up one day, and is followed by another.
    let [waiting, most] = [0, 0];
    hangs.answer = (_, response) => {
      most = Math.max(most, ++waiting);
      response.once("close", () => waiting--);
    };
    const fine = await receiver();
    await apply(
      hook("huge", huge.url) +
        hook("hangs", hangs.url, ", concurrency: 1") +
        hook("fine", fine.url) +
        reaction("to-hangs", "on: session.opened\nthen:\n  - notify: { receiver: hangs }") +
        reaction("to-huge", "on: session.opened\nthen:\n  - notify: { receiver: huge }") +
        reaction("to-fine", "on: session.opened\nthen:\n  - notify: { receiver: fine }"),
    );
    await one.events.store.add(Array.from({ length: 40 }, () => sample("session.opened")));
    await stateOf("to-fine", "done", 40);
    const [done] = await stateOf("to-huge", "done", 40);
    expect(done!.answer!.length).toBeLessThan(500);
    // Sockets hold some; nothing near what was offered forty times.
    expect(sent).toBeLessThan(200 << 20);
    // One at a time on each of the two gateways.
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
    expect((await deliveries("to-hangs")).every(({ state }) => state === "ready")).toBe(true);
  });

  it("sets a poisoned row aside, and the others go on", async () => {
    const to = await receiver();
    await apply(
      hook("after", to.url) + reaction("poisoned", "on: session.opened\nthen:\n  - notify: { receiver: after }"),
    );
    const id = randomUUID();
    await sql`insert into event_outbox (id, body) values (${randomUUID()}, '{"no":'), (${randomUUID()}, '{"id": 7}')`.execute(
      one.store.db,
    );
    await sql`insert into reaction_deliveries (id, firing, rule, step, kind, target, ordered, body, state)
      values (${id}, ${randomUUID()}, 'poisoned', 0, 'notify', 'receiver after', false, '{"broken"', 'ready'),
        (${randomUUID()}, ${randomUUID()}, 'poisoned', 0, 'explode', 'receiver after', false, '{}', 'ready')`.execute(
      one.store.db,
    );
    await one.events.store.add([sample("session.opened")]);
    await stateOf("poisoned", "done");
    const dead = await stateOf("poisoned", "dead", 2);
    expect(dead.map(({ error }) => error).sort()).toEqual([
      "nothing here knows how to explode",
      "this delivery cannot be read",
    ]);
    expect(to.received.length).toBe(1);
    const { rows } = await sql`select bad from event_outbox where bad is not null`.execute(one.store.db);
    expect(rows).toEqual([{ bad: "it cannot be read" }, { bad: "it cannot be read" }]);
  });

  it("replays what was given up", async () => {
    const to = await receiver();
    await apply(
      webhook("unsealed", to.url) + reaction("early", "on: session.opened\nthen:\n  - notify: { receiver: unsealed }"),
    );
    await one.events.store.add([sample("session.opened")]);
    const [dead] = await stateOf("early", "dead");
    expect(dead!.error).toContain("no signing secret");
    secrets.set("unsealed", key());
    expect(await one.events.store.replay([dead!.id])).toBe(1);
    await stateOf("early", "done");
    expect(to.received.length).toBe(1);
    expect(await one.events.store.replay([dead!.id])).toBe(0);
  });

  it("keeps the order of a target that wants it, past failures", async () => {
    const to = await receiver();
    let tries = 0;
    to.answer = (_, response) => void response.writeHead(++tries === 2 ? 503 : 200).end();
    await apply(
      hook("ledger", to.url, ", ordered: true") +
        reaction("in-order", "on: session.opened\nthen:\n  - notify: { receiver: ledger }"),
    );
    const events = Array.from({ length: 6 }, () => sample("session.opened"));
    for (const event of events) await one.events.store.add([event]);
    await stateOf("in-order", "done", 6);
    const order = to.received.map(
      ({ body }) => (JSON.parse(body) as { data: { event: { id: string } } }).data.event.id,
    );
    expect(order.filter((id, at) => order.indexOf(id) === at)).toEqual(events.map(({ id }) => id));
    expect(order.length).toBe(7);
  });

  it("counts over gateways and restarts, and fires once", async () => {
    await apply(
      reaction(
        "thrice",
        "on: statement.denied\nby: subject\ncount: { atLeast: 3, within: 5m }\nquiet: 1h\nthen:\n  - revoke: { what: logins }",
      ),
    );
    const ada = { id: randomUUID(), name: "ada" };
    const bo = { id: randomUUID(), name: "bo" };
    const denied = (subject: typeof ada) => sample("statement.denied", { subject });
    await one.events.store.add([denied(ada), denied(bo)]);
    await other.events.store.add([denied(ada), denied(bo)]);
    await until("what the test waits for", async () => {
      const counts = (await one.events.store.counts()).find(({ rule }) => rule === "thrice");
      return counts?.matched === 4;
    });
    await one.close();
    await other.close();
    one = await startGateway(postgres, { secrets });
    other = await startGateway(postgres, { secrets });
    await other.events.store.add([denied(ada)]);
    const [done] = await stateOf("thrice", "done");
    expect(done!.answer).toBe("logins");
    expect(JSON.parse(done!.body)).toMatchObject({ events: 3, event: { subject: { name: "ada" } } });
    await Promise.all([one, other].map(({ events }) => events.store.add([denied(ada), denied(ada), denied(ada)])));
    await until("what the test waits for", async () => {
      const counts = (await one.events.store.counts()).find(({ rule }) => rule === "thrice");
      return counts?.matched === 11 && counts.quiet === 2;
    });
    expect((await deliveries("thrice")).length).toBe(1);
  });

  it("loses none and doubles none while two gateways write and judge", async () => {
    await apply(reaction("all", "on: login.failed\nthen:\n  - revoke: { what: logins }"));
    const before = await one.events.store.log.newest();
    const events = Array.from({ length: 2_000 }, () => sample("login.failed"));
    const chunks = Array.from({ length: 40 }, (_, at) => events.slice(at * 50, at * 50 + 50));
    await Promise.all(
      chunks.flatMap((chunk, at) => [
        (at % 2 === 0 ? one : other).events.store.add(chunk),
        // The same once more, as after a crash whose answer was lost.
        (at % 3 === 0 ? one : other).events.store.add(chunk.slice(0, 20)),
      ]),
    );
    await until("what the test waits for", async () => {
      const found = (await one.events.store.counts()).find(({ rule }) => rule === "all");
      return (found?.matched ?? 0) >= 2_000;
    });
    const read: string[] = [];
    let position = before;
    for (;;) {
      const page = await other.events.store.log.after(position, 500);
      if (page.length === 0) break;
      for (const event of page) {
        expect(event.position).toBeGreaterThan(position);
        position = event.position;
        if (event.type === "login.failed") read.push(event.id);
      }
    }
    expect(read.length).toBe(2_000);
    expect(new Set(read)).toEqual(new Set(events.map(({ id }) => id)));
    await until("what the test waits for", async () => {
      const { rows } = await sql<{
        n: number;
      }>`select count(*)::int as n from reaction_deliveries where rule = 'all' and state = 'done'`.execute(
        one.store.db,
      );
      return rows[0]!.n === 2_000;
    });
  });
});
