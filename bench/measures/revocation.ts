// `node scripts/run.mjs bench/measures/revocation`: how long it takes until 1,000 lanes have heard that their owner was disabled.
import { fileURLToPath } from "node:url";
import { openLane } from "../../src/transport/grpc/index.js";
import { startPostgres } from "../../test/support/postgres.js";
import { linked, startReplicas } from "../../test/support/replicas.js";
import { splitMessages, startupMessage } from "../peers/postgres-lane.js";

/** All of them sessions of one person, each with a backend of its own in a real PostgreSQL. */
const lanes = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 1_000);
const rounds = Number(process.env["ROUNDS"] ?? 3);
/** The promise of docs/ and of the design. */
const promiseMs = 1_000;
const cli = fileURLToPath(new URL("../../src/cli.js", import.meta.url));
const openAtOnce = 25;

const [store, target] = await Promise.all([
  startPostgres({ version: 15 }),
  startPostgres({ version: 15, settings: { max_connections: String(lanes + 50), shared_buffers: "64MB" } }),
]);
const hoop = await startReplicas({
  store,
  cli,
  node: process.env["PROF"] ? ["--cpu-prof", `--cpu-prof-dir=${process.env["PROF"]}`] : [],
  settings: { HOOP_MAX_SESSIONS: String(lanes * 2), HOOP_MAX_SESSIONS_PER_SUBJECT: String(lanes * 2) },
});
try {
  const { one, other, admin } = hoop;
  await hoop.api(one, admin, "POST", "/connections", {
    ...{
      name: "pg",
      protocol: "postgres",
      host: target.host,
      port: target.port,
      agent: null,
      tls: { mode: "disable" },
    },
    target: { user: target.user, database: target.database },
    secret: target.password,
  });
  const link = await linked(other.grpc);
  for (let round = 1; round <= rounds; round++) {
    const name = `person-${round}`;
    const person = await hoop.person(name, ["engineers", "admins"]);
    const opened = performance.now();
    const heard: { readonly at: number; readonly text: string }[] = [];
    let tell: () => void = () => {};
    const told = new Promise<void>((resolve) => {
      tell = resolve;
    });

    function open(): Promise<void> {
      return new Promise((resolve, reject) => {
        const lane = openLane(link.session!, { connection: "pg", token: person.token });
        let rest: Buffer = Buffer.alloc(0);
        let isReady = false;
        lane.start({
          data(chunk) {
            const split = splitMessages(Buffer.concat([rest, chunk]));
            rest = split.rest;
            for (const { type, body } of split.messages) {
              if (type === "Z" && !isReady) {
                isReady = true;
                resolve();
              }
              if (type !== "E") continue;
              const text = body.toString("utf8");
              if (!isReady) return reject(new Error(text));
              heard.push({ at: performance.now(), text });
              if (heard.length === lanes) tell();
            }
          },
          end() {},
          drain() {},
          closed: (abort) => {
            if (!isReady) reject(new Error(abort?.text ?? "closed"));
          },
        });
        lane.write(startupMessage("bench", target.database));
      });
    }
    let next = 0;
    await Promise.all(
      Array.from({ length: openAtOnce }, async () => {
        while (next < lanes) {
          next += 1;
          await open();
        }
      }),
    );
    const openMs = performance.now() - opened;

    const asked = performance.now();
    await hoop.api(one, admin, "PATCH", `/users/${name}`, { disabled: true });
    const answered = performance.now() - asked;
    await Promise.race([
      told,
      new Promise((_, reject) =>
        setTimeout(() => reject(new Error(`${heard.length} of ${lanes} lanes heard of it in 30 s`)), 30_000).unref(),
      ),
    ]);
    const wrong = heard.find(({ text }) => !text.includes("57P01") || !text.includes(`${name} was disabled`));
    if (wrong !== undefined) throw new Error(`a lane was told something else: ${wrong.text}`);
    const times = heard.map(({ at }) => at - asked).sort((a, b) => a - b);
    const at = (part: number) => times[Math.min(times.length - 1, Math.ceil(part * times.length) - 1)]!.toFixed(0);
    console.log(
      `round ${round}: ${lanes} lanes opened in ${(openMs / 1_000).toFixed(1)} s; disabled on the other replica (answered after ${answered.toFixed(0)} ms); ` +
        `each client saw FATAL 57P01 "${name} was disabled or removed" after p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms` +
        ` (promise ${promiseMs} ms: ${times.at(-1)! <= promiseMs ? "kept" : "BROKEN"})`,
    );
    if (times.at(-1)! > promiseMs) process.exitCode = 1;
  }
  link.close();
} finally {
  await hoop.stop();
  await Promise.all([store.stop(), target.stop()]);
}
