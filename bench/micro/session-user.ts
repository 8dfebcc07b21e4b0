/**
 * What a user of its own costs a session of PostgreSQL: milliseconds until the user is there, over a warm session of the stored
 * login, and until it is gone again. On loopback, without an agent; with the ways to the target and back that it takes, which is what
 * counts where the target is far away.
 * `node scripts/run.mjs bench/micro/session-user [rounds]`
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { postgres } from "../../src/protocols/postgres/index.js";
import { connectTcp } from "../../src/transport/index.js";
import { type Connection, connectionId } from "../../src/vocabulary/index.js";
import { startPostgres } from "../../test/support/postgres.js";

const rounds = Number(process.argv[2] ?? 50);

const server = await startPostgres({
  version: 15,
  sql: "create role app_rw; create role app_ro; alter role app_rw set search_path = app, public",
});
try {
  const connection = {
    ...{ id: connectionId("3b0f2f7e-8c1b-4f4b-9a6c-1f6f54c0a003"), name: "bench", protocol: "postgres", agent: null },
    ...{ host: server.host, port: server.port, labels: {}, tls: { mode: "disable" }, version: 1 },
    ...{ target: { user: server.user, database: "app" }, exposesCredentialToAgent: false },
  } as Connection;
  // Counts how often something is sent after an answer.
  let trips = 0;
  const counter = createServer((client) => {
    let answered = true;
    const target = connect(server.port, server.host);
    client.on("data", (bytes) => {
      if (answered) trips++;
      answered = false;
      target.write(bytes);
    });
    target.on("data", (bytes) => {
      answered = true;
      client.write(bytes);
    });
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const)
      one.on("error", () => {}).on("close", () => other.destroy());
  }).listen(0, "127.0.0.1");
  await once(counter, "listening");
  const { port } = counter.address() as AddressInfo;
  const host = "127.0.0.1";
  const admin = await postgres.administer!(
    () => connectTcp({ host, port, signal: AbortSignal.timeout(5_000), timeoutMs: 5_000 }),
    connection,
    { user: server.user, secret: server.password },
  );
  for (const role of ["app_rw", "app_ro"]) {
    const [made, dropped, tripsMade, tripsDropped]: number[][] = [[], [], [], []];
    for (let round = 0; round < rounds + 5; round++) {
      const name = `hoop_bench_${randomBytes(6).toString("hex")}`;
      const until = new Date(Date.now() + 60_000);
      const wish = { name, secret: "x".repeat(32), until, roles: [role], replication: false, comment: "bench" };
      const [began, before] = [performance.now(), trips];
      await admin.makeUser(wish);
      const [there, between] = [performance.now(), trips];
      await admin.dropUser(name, role);
      if (round < 5) continue;
      made!.push(there - began);
      tripsMade!.push(between - before);
      dropped!.push(performance.now() - there);
      tripsDropped!.push(trips - between);
    }
    for (const [what, times, ways] of [
      ["made", made!, tripsMade!],
      ["dropped", dropped!, tripsDropped!],
    ] as const) {
      const at = (of: readonly number[], share: number) =>
        [...of].sort((one, other) => one - other)[Math.floor((of.length - 1) * share)]!;
      console.log(
        `${role} ${what.padEnd(8)} median ${at(times, 0.5).toFixed(1)} ms, 95 % ${at(times, 0.95).toFixed(1)} ms, ${at(ways, 0.5)} ways to the target and back, of ${rounds}`,
      );
    }
  }
  admin.close();
  counter.close();
} finally {
  await server.stop();
}
