/**
 * What answering events costs, and how fast: `node scripts/run.mjs bench/reactions [seconds] [rate]`
 *
 * - from a statement that is refused to the end of its session, over a whole Hoop, as the client sees it;
 * - from an event in the outbox to its place in the log, judged by ten rules, at 1,000 events a second and as fast as it goes;
 * - the same in steps, a transaction of fifty after the other, with the statements that each takes: this does not depend on who else uses
 *   the machine, and is what changes are compared by;
 * - from an event to a receiver that has it.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { by, reaction, sample, startGateway, webhook } from "../test/events/world.js";
import { allowAll, startHoop } from "../test/support/hoop.js";
import { startPostgres } from "../test/support/postgres.js";

const seconds = Number(process.argv[2] ?? 10);

function told(name: string, values: readonly number[]): void {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
  console.log(`${name}: median ${at(0.5)} ms, p95 ${at(0.95)} ms, slowest ${at(1)} ms (${sorted.length})`);
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
/** On a machine that others use as well, this says more than a rate does. */
const perEvent = (since: number, events: number) => `${(((cpuMs() - since) * 1_000) / events).toFixed(0)} us of CPU`;

/** What this process asked PostgreSQL since it was asked last. */
const statements = ((): (() => number) => {
  let count = 0;
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function counted(this: pg.Client, ...given: unknown[]) {
    count += 1;
    return (query as (...all: unknown[]) => unknown).apply(this, given);
  } as typeof query;
  return () => {
    const counted = count;
    count = 0;
    return counted;
  };
})();

async function throughput(): Promise<void> {
  const postgres = await startPostgres({ version: 15 });
  const secrets = new Map<string, string>([["sink", `whsec_${randomBytes(32).toString("base64")}`]]);
  const arrived = new Map<string, number>();
  const sink = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      arrived.set((JSON.parse(body) as { data: { event: { id: string } } }).data.event.id, performance.now());
      response.end();
    });
  });
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
  const gateway = await startGateway(postgres, { secrets });
  try {
    const counted = Array.from({ length: 9 }, (_, n) =>
      reaction(
        `counted-${n}`,
        `on: statement.denied\nwhen: 'data.reasons.exists(r, r.rule == "no-deletes")'\nstatement: { effects: { any: [destroy] } }\ncount: { atLeast: ${5 + n}, within: 1h }\nquiet: 1h\nthen:\n  - revoke: { what: logins }`,
      ),
    );
    const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
    await gateway.events.apply(
      counted.join("") +
        webhook("sink", url, ", concurrency: 32") +
        reaction("tell", "on: session.opened\nthen:\n  - notify: { receiver: sink }"),
      { dryRun: false, by },
    );
    const people = Array.from({ length: 100 }, (_, n) => ({ id: randomUUID(), name: `user${n}` }));
    const { log } = gateway.events.store;
    const added = new Map<string, number>();
    const seen: number[] = [];
    let position = await log.newest();
    let busy = false;
    const look = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      for (;;) {
        const page = await log.after(position, 1_000);
        for (const event of page) {
          position = event.position;
          const since = added.get(event.id);
          if (since !== undefined) seen.push(performance.now() - since);
        }
        if (page.length === 0) break;
      }
      busy = false;
    };
    const stop = log.watch(() => void look());
    const drafts = (n: number) =>
      Array.from({ length: n }, () =>
        sample("statement.denied", { subject: people[Math.floor(Math.random() * 100)]! }),
      );
    const add = async (some: ReturnType<typeof drafts>): Promise<void> => {
      const now = performance.now();
      for (const { id } of some) added.set(id, now);
      await gateway.events.store.add(some);
    };
    const began = performance.now();
    const cpu = cpuMs();
    for (let n = 0; n < seconds * 20; n++) {
      await add(drafts(50));
      await sleep(Math.max(0, began + (n + 1) * 50 - performance.now()));
    }
    const tookMs = performance.now() - began;
    while (seen.length < seconds * 1_000) await sleep(5);
    console.log(`${Math.round((seconds * 1_000_000) / tookMs)} events a second for ${Math.round(tookMs / 1_000)} s`);
    console.log(`${perEvent(cpu, seconds * 1_000)} of this process an event, its writer and reader included`);
    told("from the outbox to the log, judged by ten rules", seen.splice(0));
    const burst = performance.now();
    const burstCpu = cpuMs();
    for (let n = 0; n < 20; n++) await add(drafts(500));
    while (seen.length < 10_000) await sleep(5);
    console.log(
      `as fast as it goes: ${Math.round(10_000_000 / (performance.now() - burst))} events a second, ${perEvent(burstCpu, 10_000)} an event`,
    );
    const steps = 100;
    const round: number[] = [];
    statements();
    for (let n = 0; n < steps; n++) {
      const before = seen.length;
      const since = cpuMs();
      await add(drafts(50));
      while (seen.length < before + 50) await sleep(1);
      round.push(((cpuMs() - since) * 1_000) / 50);
    }
    round.sort((a, b) => a - b);
    console.log(
      `fifty at a time: ${(statements() / steps).toFixed(1)} statements for fifty events, median ${round[steps / 2]!.toFixed(0)} us of CPU an event, best ${round[0]!.toFixed(0)}`,
    );
    stop();
    const sent = new Map<string, number>();
    for (let n = 0; n < 50; n++) {
      const one = sample("session.opened");
      sent.set(one.id, performance.now());
      await gateway.events.store.add([one]);
      await sleep(40);
    }
    while (arrived.size < 50) await sleep(5);
    told(
      "from the outbox to a receiver",
      [...arrived].map(([id, at]) => at - sent.get(id)!),
    );
  } finally {
    await gateway.close();
    await postgres.stop();
    sink.close();
  }
}

async function inSession(): Promise<void> {
  const target = await startPostgres({ version: 15, sql: "create table t (a int)" });
  const hoop = await startHoop({
    target,
    policy: `${allowAll}\n---\napiVersion: hoop/v1\nkind: guard\nmetadata: { name: no-drops }\nspec:\n  on: statements\n  when: { effects: { any: [destroy] } }\n  action: deny\n`,
  });
  try {
    const file = join(hoop.folder, "r.yaml");
    writeFileSync(
      file,
      reaction(
        "kill-drops",
        "on: statement.denied\nby: session\ncount: { atLeast: 3, within: 5m }\nthen:\n  - kill: {}",
      ),
    );
    await hoop.hoop("admin", ["reactions", "apply", "-f", file]);
    const times: number[] = [];
    for (let n = 0; n < 20; n++) {
      const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
      const ended = new Promise<number>((resolve) => {
        client.on("error", () => resolve(performance.now()));
        client.on("end", () => resolve(performance.now()));
      });
      await client.connect();
      for (let drop = 0; drop < 2; drop++) await client.query("drop table t").catch(() => {});
      const asked = performance.now();
      client.query("drop table t").catch(() => {});
      times.push((await ended) - asked);
    }
    told("from a statement to the end of its session, as its client sees it", times);
  } finally {
    await hoop.stop();
    await target.stop();
  }
}

if (process.argv[3] !== "rate") await inSession();
await throughput();
