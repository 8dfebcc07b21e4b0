import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLineSource } from "../../src/gateway/exporters/line-source.js";
import { createExporterStore } from "../../src/storage/exporters.js";
import { until } from "../support/clients.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Gateway, sample, startGateway } from "./world.js";

const dayMs = 24 * 60 * 60_000;

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

    await store.sweep(30);
    const lost = () => store.list({ types: ["exporter.lost"] }, null, 10);
    await until("it is told", async () => (await lost()).length > 0);
    expect((await lost()).map(({ data }) => data)).toEqual([{ exporter: "behind", events: 3 }]);
    await store.sweep(30);

    // Who reads on is told as well, before it has the lines, and only once.
    const source = createLineSource(log, { chains: async () => [], entries: async () => [] });
    const first = await source.read(["events"], { events: begin + 2, entries: {} }, 100);
    expect(first).toEqual({ lines: [], cursor: { events: begin + 5, entries: {} }, lost: 3 });
    const next = await source.read(["events"], first.cursor, 100);
    expect(next.lost).toBe(0);
    expect(next.lines.slice(0, 2).map(({ id }) => id)).toEqual(young.map(({ id }) => id));
    expect((await lost()).length).toBe(1);
  }, 60_000);

  it("leave no trace of gateways that are gone, told once whoever asks", async () => {
    const { store } = gateway.events;
    expect(await store.beat("killed")).toEqual({ known: false });
    expect(await store.beat("killed")).toEqual({ known: true });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await store.beat("here");
    const told = await Promise.all([store.noticeGone(50), store.noticeGone(50), store.noticeGone(50)]);
    expect(told.reduce((sum, one) => sum + one, 0)).toBe(1);
    // It was only away from the store: it learns that others took it for gone.
    expect(await store.beat("killed")).toEqual({ known: false });
    const gone = () => store.list({ types: ["gateway.degraded"] }, null, 10);
    await until("it is told", async () => (await gone()).length > 0);
    expect((await gone()).map(({ data }) => data["replica"])).toEqual(["killed"]);
    await store.leave("killed");
    await store.leave("here");
    expect(await store.noticeGone(0)).toBe(0);
  }, 60_000);
});
