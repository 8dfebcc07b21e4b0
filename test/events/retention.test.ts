import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLineSource } from "../../src/gateway/exporters/line-source.js";
import { createExporterStore } from "../../src/storage/exporters.js";
import { until } from "../support/clients.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Gateway, sample, startGateway } from "./world.js";

const dayMs = 24 * 60 * 60_000;
const keep = { events: 30, deadLetters: 365 };
const never = new AbortController().signal;

describe("old events", () => {
  let postgres: PostgresServer;
  let gateway: Gateway;
  beforeAll(async () => {
    postgres = await startPostgres({ version: 15 });
    gateway = await startGateway(postgres);
  });
  afterAll(async () => {
    await gateway?.close();
    await postgres?.stop();
  });

  it("are deleted, and an exporter that had not read them yet is told of, once", async () => {
    const { store } = gateway.events;
    const { log } = store;
    const old = Array.from({ length: 5 }, () => sample("statement.denied", { at: Date.now() - 40 * dayMs }));
    const young = [sample("statement.denied"), sample("statement.denied")];
    const begin = await log.newest();
    await store.add(old);
    await store.add(young);
    await until("they are in the log", async () => (await log.newest()) === begin + 7);
    const exporters = createExporterStore(gateway.store);
    const target = { type: "http", url: "https://siem.test/" } as never;
    const put = (name: string, enabled: boolean, events: number) =>
      exporters.put({ name, sources: ["events"], target, enabled } as never, { events, entries: {} });
    await put("behind", true, begin + 2);
    await put("done", true, begin + 7);
    await put("off", false, begin);

    await store.sweep(keep, never);
    const lost = () => store.list({ types: ["exporter.lost"] }, null, 10);
    await until("it is told", async () => (await lost()).length > 0);
    expect((await lost()).map(({ data }) => data)).toEqual([{ exporter: "behind", events: 3 }]);
    await store.sweep(keep, never);

    // Who reads on is told as well, before it has the lines, and only once.
    const source = createLineSource(log, { chains: async () => [], entries: async () => [] });
    const first = await source.read(["events"], { events: begin + 2, entries: {} }, 100);
    expect(first).toEqual({ lines: [], cursor: { events: begin + 5, entries: {} }, lost: 3 });
    const next = await source.read(["events"], first.cursor, 100);
    expect(next.lost).toBe(0);
    expect(next.lines.slice(0, 2).map(({ id }) => id)).toEqual(young.map(({ id }) => id));
    expect((await lost()).length).toBe(1);
  }, 180_000);

  it("are deleted whatever their number; what is done goes with them, what is not done stays, dead letters stay longer", async () => {
    const { store } = gateway.events;
    const { query } = postgres;
    // None of those events comes true: their places are taken from the log as they are.
    await query(`insert into event_log (position, id, type, at, body) select -n, gen_random_uuid(), 'statement.denied', now() - interval '31 days', '{}'
      from generate_series(1, 2500) as n`);
    await query(`insert into reaction_firings (id, rule, at, body) select gen_random_uuid(), state || days, now() - days * interval '1 day', '{}'
      from unnest(array['done', 'dead', 'ready', 'none']) as state, unnest(array[1, 31, 366]) as days`);
    await query(`insert into reaction_deliveries (id, firing, rule, step, kind, target, ordered, body, state, next_at, ended_at)
      select gen_random_uuid(), id, rule, 0, 'notify', 'receiver x', false, '{}', substr(rule, 1, length(rule) - length(days)), now() + interval '1 hour',
        case when rule not like 'ready%' then at end
      from (select id, rule, at, (regexp_match(rule, '\\d+'))[1] as days from reaction_firings where rule ~ '^(done|dead|ready)') as f`);
    await query(`insert into event_outbox (id, body, bad, bad_at) select gen_random_uuid(), 'x', 'it cannot be read', now() - days * interval '1 day'
      from unnest(array[31, 366]) as days`);
    await store.sweep(keep, AbortSignal.abort());
    const left = async (what: string) => Number((await query(`select count(*) as n from ${what}`)).rows[0]!.n);
    expect(await left("event_log where position < 0")).toBeGreaterThan(0);

    await store.sweep(keep, never);
    expect(await left("event_log where position < 0")).toBe(0);
    expect(await left("event_outbox where bad is not null")).toBe(1);
    const rules = async (table: string) =>
      (await query(`select rule from ${table} where rule ~ '\\d+$' order by rule`)).rows.map(
        ({ rule }) => rule as string,
      );
    const kept = ["dead1", "dead31", "done1", "ready1", "ready31", "ready366"];
    expect(await rules("reaction_deliveries")).toEqual(kept);
    // A firing stays for as long as anything of it does.
    expect(await rules("reaction_firings")).toEqual([...kept, "none1"].sort());
    await query("delete from reaction_deliveries; delete from reaction_firings; delete from event_outbox");
  }, 180_000);

  it("leave no trace of gateways that are gone, told once whoever asks", async () => {
    const { store } = gateway.events;
    expect(await store.beat("killed")).toEqual({ known: false });
    expect(await store.beat("killed")).toEqual({ known: true });
    await postgres.query("update event_gateways set seen_at = now() - interval '1 hour' where replica = 'killed'");
    await store.beat("here");
    const told = await Promise.all(Array.from({ length: 3 }, () => store.noticeGone(30 * 60_000)));
    expect(told.reduce((sum, one) => sum + one, 0)).toBe(1);
    // It was only away from the store: it learns that others took it for gone.
    expect(await store.beat("killed")).toEqual({ known: false });
    const gone = () => store.list({ types: ["gateway.degraded"] }, null, 10);
    await until("it is told", async () => (await gone()).length > 0);
    expect((await gone()).map(({ data }) => data["replica"])).toEqual(["killed"]);
    await store.leave("killed");
    await store.leave("here");
    expect(await store.noticeGone(0)).toBe(0);
  }, 180_000);
});
