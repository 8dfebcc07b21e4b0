import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { countEntry } from "./count-entry.js";
import { ByName, Counters, latencyBuckets } from "./counters.js";
import { listenMetrics } from "./listen.js";
import { createMetrics, type MetricSources } from "./metrics.js";
import { traceParentFrom, traceParentInComment } from "./traceparent.js";
import { startTracing } from "./tracing.js";

const id = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("trace parents", () => {
  it("are read as W3C writes them", () => {
    expect(traceParentFrom(id)).toEqual({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      sampled: true,
    });
    for (const bad of [
      "",
      "00-0-0-0",
      id.replace("00-", "ff-"),
      id.replace(/[0-9a-f]{32}/, "0".repeat(32)),
      id.replace(/-b7ad6b7169203331/, `-${"0".repeat(16)}`),
      id.toUpperCase(),
    ])
      expect(traceParentFrom(bad)).toBeNull();
  });
  it("are found in comments, and nowhere else", () => {
    expect(traceParentInComment(`select 1 /*action='x',traceparent='${id}'*/`)?.spanId).toBe("b7ad6b7169203331");
    expect(traceParentInComment(`/* traceparent=${id} */ select 1`)?.sampled).toBe(true);
    for (const text of [
      `select '${id}'`,
      `select 'traceparent=${id}'`,
      "select 1 /* traceparent */",
      `/*${"x".repeat(5_000)}`,
    ])
      expect(traceParentInComment(text)).toBeNull();
  });
});

function sources(counters: Counters): MetricSources {
  return {
    ...{
      version: "1.2.3",
      counters,
      held: () => 2,
      storeStaleMs: () => 1_500,
      runsActive: () => 0,
      notReady: () => [],
    },
    sessions: () => new Map([["postgres", 3]]),
    journal: () => ({ writable: true, behind: 7, refused: 0, unrecorded: 0 }),
    storeProbe: async () => 4,
    agents: () => ({ connected: 1, draining: 0 }),
    events: async () => ({ queued: 5, dead: 1 }),
    exporters: async () => [{ name: "siem", lag: 9, failing: true, lost: 0 }],
  };
}

describe("metrics", () => {
  it("are what was counted, in Prometheus' format", async () => {
    const counters = new Counters();
    countEntry(counters, { kind: "statement", outcome: "deny" });
    countEntry(counters, { kind: "statement-finished", outcome: "ok", rows: 4, bytes: 10, maskedCells: 1 });
    countEntry(counters, { kind: "session-opened", protocol: "ssh" });
    for (const ms of [0.05, 0.3, 99_999]) counters.gate.add(ms);
    const { text, contentType } = await createMetrics(sources(counters)).render();
    expect(contentType).toContain("text/plain");
    for (const line of [
      'hoop_build_info{version="1.2.3"} 1',
      'hoop_statements_total{verdict="deny"} 1',
      "hoop_rows_total 4",
      'hoop_sessions_total{protocol="ssh",result="opened"} 1',
      'hoop_sessions_open{protocol="postgres"} 3',
      'hoop_gate_seconds_bucket{le="0.0001"} 1',
      'hoop_gate_seconds_bucket{le="0.0005"} 2',
      'hoop_gate_seconds_bucket{le="5"} 2',
      'hoop_gate_seconds_bucket{le="+Inf"} 3',
      "hoop_gate_seconds_count 3",
      "hoop_journal_behind_entries 7",
      "hoop_store_seconds 0.004",
      "hoop_events_dead_letters 1",
      'hoop_exporter_lag{exporter="siem"} 9',
    ])
      expect(text.split("\n")).toContain(line);
    expect(text).toContain("nodejs_eventloop_lag_p99_seconds");
  });
  it("have few labels, whatever names there are", () => {
    const names = new ByName(3);
    for (let n = 0; n < 1_000; n++) names.add(`p${n}`);
    expect(names.entries()).toHaveLength(4);
    expect(latencyBuckets.every((end, at) => at === 0 || end > latencyBuckets[at - 1]!)).toBe(true);
  });
  it("have a listener that answers three paths", async () => {
    let why: readonly string[] = [];
    const listener = await listenMetrics(
      { host: "127.0.0.1", port: 0 },
      { metrics: async () => ({ contentType: "text/plain", text: "a 1\n" }), notReady: () => why },
    );
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${listener.port}${path}`);
      return [answer.status, await answer.text()];
    };
    expect(await get("/metrics")).toEqual([200, "a 1\n"]);
    expect(await get("/livez")).toEqual([200, "ok\n"]);
    expect(await get("/readyz")).toEqual([200, "ok\n"]);
    why = ["the store does not answer"];
    expect(await get("/readyz")).toEqual([503, "the store does not answer\n"]);
    expect((await get("/other"))[0]).toBe(404);
    await listener.close();
  });
});

/** A collector, and the spans that it was sent. */
async function collector() {
  let body = "";
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      body += Buffer.concat(chunks).toString();
      response.end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  type Span = { name: string; traceId: string; spanId: string; parentSpanId?: string; links?: { traceId: string }[] };
  return {
    endpoint,
    body: () => body,
    close: () => server.close(),
    spans: () =>
      body === ""
        ? []
        : (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap((one) =>
            one.scopeSpans.flatMap((scope) => scope.spans),
          ),
  };
}

it("spans of lanes and statements reach a collector, without any text of a statement", async () => {
  const collected = await collector();
  const tracing = await startTracing({ endpoint: collected.endpoint, ratio: 1, version: "1", replica: "r" });
  const session = "s-1";
  tracing.entry({ kind: "session-opened", session, connection: "pg", protocol: "postgres" });
  const trace = tracing.traceId(session)!;
  expect(trace).toMatch(/^[0-9a-f]{32}$/);
  const base = { kind: "statement", session, phase: "simple", analysis: { effects: ["read"] } } as const;
  tracing.entry({ ...base, statement: "s-1:1", outcome: "allow", text: "select secret_text" });
  tracing.entry({ kind: "statement-finished", session, statement: "s-1:1", outcome: "ok", rows: 1, durationMs: 1 });
  tracing.entry({ ...base, statement: "s-1:2", outcome: "deny", text: `drop table t /*traceparent='${id}'*/` });
  tracing.entry({ kind: "session-closed", session, reason: { code: "client-closed" } });
  expect(tracing.traceId(session)).toBeNull();
  await tracing.close();
  collected.close();
  const spans = collected.spans();
  expect(spans.map(({ name }) => name).sort()).toEqual(["lane postgres", "statement simple", "statement simple"]);
  expect(spans.filter(({ traceId }) => traceId === trace)).toHaveLength(2);
  expect(spans.find(({ traceId }) => traceId === "0af7651916cd43dd8448eb211c80319c")?.parentSpanId).toBe(
    "b7ad6b7169203331",
  );
  expect(collected.body()).not.toContain("secret_text");
});

it("a statement belongs to the trace that its protocol says, if that is one", async () => {
  const collected = await collector();
  const tracing = await startTracing({ endpoint: collected.endpoint, ratio: 1, version: "1", replica: "r" });
  const session = "s-1";
  tracing.entry({ kind: "session-opened", session, connection: "web", protocol: "http" });
  const own = tracing.traceId(session)!;
  const text = `GET /?q=/*traceparent='${id.replace("0af7", "ffff")}'*/`;
  const said = [
    "joined",
    id,
    "later",
    `01${id.slice(2)}-more`,
    "twice",
    `${id}, ${id}`,
    "padded",
    ` ${id}`,
    "none",
    "",
  ];
  for (let at = 0; at < said.length; at += 2) {
    const statement = `s-1:${said[at]}`;
    const base = { session, statement, outcome: "allow", analysis: null } as const;
    tracing.entry({ kind: "statement", ...base, phase: said[at]!, text, trace: said[at + 1]! });
    tracing.entry({ kind: "statement-finished", session, statement, outcome: "ok", rows: 0, durationMs: 1 });
  }
  tracing.entry({ kind: "session-closed", session, reason: { code: "client-closed" } });
  await tracing.close();
  collected.close();
  const spans = collected.spans();
  const of = (name: string) => spans.find((span) => span.name === `statement ${name}`);
  expect(of("joined")).toMatchObject({
    ...{ traceId: "0af7651916cd43dd8448eb211c80319c", parentSpanId: "b7ad6b7169203331" },
    links: [{ traceId: own }],
  });
  const lane = spans.find(({ name }) => name === "lane http");
  for (const name of ["later", "twice", "padded", "none"])
    expect(of(name)).toMatchObject({ traceId: own, parentSpanId: lane!.spanId });
});
