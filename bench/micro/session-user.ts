/**
 * What a user of its own costs a session of PostgreSQL: milliseconds until the user is there, over a warm session of the stored
 * login, and until it is gone again. On loopback, without an agent.
 * `node scripts/run.mjs bench/micro/session-user [rounds]`
 */
import { randomBytes } from "node:crypto";
import { postgres } from "../../src/protocols/postgres/index.js";
import { connectTcp } from "../../src/transport/index.js";
import { type Connection, connectionId } from "../../src/vocabulary/index.js";
import { startPostgres } from "../../test/support/postgres.js";

const rounds = Number(process.argv[2] ?? 50);

const server = await startPostgres({
  version: 15,
  sql: "create role app_rw; alter role app_rw set search_path = app, public",
});
try {
  const connection = {
    ...{ id: connectionId("3b0f2f7e-8c1b-4f4b-9a6c-1f6f54c0a003"), name: "bench", protocol: "postgres", agent: null },
    ...{ host: server.host, port: server.port, labels: {}, tls: { mode: "disable" }, version: 1 },
    ...{ target: { user: server.user, database: "app" }, exposesCredentialToAgent: false },
  } as Connection;
  const { host, port } = server;
  const admin = await postgres.administer!(
    () => connectTcp({ host, port, signal: AbortSignal.timeout(5_000), timeoutMs: 5_000 }),
    connection,
    { user: server.user, secret: server.password },
  );
  const [made, dropped]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds + 5; round++) {
    const name = `hoop_bench_${randomBytes(6).toString("hex")}`;
    const until = new Date(Date.now() + 60_000);
    const began = performance.now();
    await admin.makeUser({
      name,
      secret: "x".repeat(32),
      until,
      roles: ["app_rw"],
      replication: false,
      comment: "bench",
    });
    const there = performance.now();
    await admin.dropUser(name, "app_rw");
    if (round < 5) continue;
    made.push(there - began);
    dropped.push(performance.now() - there);
  }
  admin.close();
  for (const [what, times] of [
    ["made", made],
    ["dropped", dropped],
  ] as const) {
    const sorted = [...times].sort((one, other) => one - other);
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!.toFixed(1);
    console.log(`${what.padEnd(8)} median ${at(0.5)} ms, 95 % ${at(0.95)} ms, of ${rounds}`);
  }
} finally {
  await server.stop();
}
