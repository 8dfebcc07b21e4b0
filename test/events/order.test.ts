import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { EventDraft } from "../../src/events/index.js";
import { until } from "../support/clients.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Gateway, sample, startGateway } from "./world.js";

let postgres: PostgresServer;
let gateway: Gateway;
beforeAll(async () => {
  postgres = await startPostgres({ version: 18, settings: {} });
  const first = await startGateway(postgres);
  // A planner that joins by merging sorts what is written by its ids first.
  for (const way of ["enable_nestloop", "enable_hashjoin"])
    await sql`alter role ${sql.id(postgres.user)} set ${sql.raw(way)} = off`.execute(first.store.db);
  await first.close();
  gateway = await startGateway(postgres);
});
afterAll(async () => {
  await gateway?.close();
  await postgres?.stop();
});

async function written(events: readonly EventDraft[]): Promise<readonly string[]> {
  const { log } = gateway.events.store;
  const own = new Set(events.map(({ id }) => id));
  let position = await log.newest();
  await gateway.events.store.add(events);
  const read: string[] = [];
  await until("all are in the log", async () => {
    for (;;) {
      const page = await log.after(position, 500);
      if (page.length === 0) break;
      position = page.at(-1)!.position;
      read.push(...page.map(({ id }) => id).filter((id) => own.has(id)));
    }
    return read.length >= own.size;
  });
  return read;
}

it("events come in the order in which they were written, however the store joins them", async () => {
  await written(Array.from({ length: 3_000 }, () => sample("login.failed")));
  await sql`analyze event_log`.execute(gateway.store.db);
  const events = Array.from({ length: 300 }, () => sample("login.failed"));
  expect(await written(events)).toEqual(events.map(({ id }) => id));
});
