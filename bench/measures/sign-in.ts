// `node scripts/run.mjs bench/measures/sign-in`: from a lane to its first row with a token at hand, and what 200 sign-ins a second do to a lane.
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { openLane } from "../../src/transport/grpc/index.js";
import { startPostgres } from "../../test/support/postgres.js";
import { linked, startReplicas } from "../../test/support/replicas.js";
import { queryMessage, splitMessages, startupMessage } from "../peers/postgres-lane.js";

const seconds = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 8);
const perSecond = 200;
const firstRows = 60;
const firstRowPromiseMs = 150;
const cli = fileURLToPath(new URL("../../src/cli.js", import.meta.url));

const [store, target] = await Promise.all([startPostgres({ version: 15 }), startPostgres({ version: 15 })]);
// Addresses as a proxy would tell them: a flood from one network, and one from as many as there are tries.
const hoop = await startReplicas({
  store,
  cli,
  settings: { HOOP_TRUSTED_PROXIES: "127.0.0.1", HOOP_LOG_LEVEL: "error" },
});
try {
  const { one, admin } = hoop;
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
  const person = await hoop.person("ada", ["engineers", "admins"]);
  const link = await linked(one.grpc);

  /** One lane, asked one question after the other. */
  function lane() {
    const pipe = openLane(link.session!, { connection: "pg", token: person.token });
    let rest: Buffer = Buffer.alloc(0);
    let heard: (type: string, body: Buffer) => void = () => {};
    let lost: (error: Error) => void = () => {};
    pipe.start({
      data(chunk) {
        const split = splitMessages(Buffer.concat([rest, chunk]));
        rest = split.rest;
        for (const { type, body } of split.messages) heard(type, body);
      },
      end() {},
      drain() {},
      closed: (abort) => lost(new Error(abort?.text ?? "the lane was closed")),
    });
    /** Milliseconds to the first message of this type, when the answer is whole. */
    const until = (message: Buffer, wanted: string) =>
      new Promise<number>((resolve, reject) => {
        const asked = performance.now();
        let at = 0;
        lost = reject;
        heard = (type, body) => {
          if (type === "E") reject(new Error(body.toString("utf8")));
          if (type === wanted && at === 0) at = performance.now() - asked;
          if (type === "Z") resolve(at);
        };
        pipe.write(message);
      });
    return { until, close: () => pipe.abort({ code: "cancelled", text: "done" }) };
  }

  const direct: number[] = [];
  for (let n = 0; n < firstRows; n++) {
    const began = performance.now();
    const { host, port, user, password, database } = target;
    const client = new pg.Client({ host, port, user, password, database });
    await client.connect();
    await client.query("select 1");
    direct.push(performance.now() - began);
    await client.end();
  }
  console.log(`without Hoop, from a connection to its first row: ${figures(direct)}`);
  const times: number[] = [];
  for (let n = 0; n < firstRows; n++) {
    const began = performance.now();
    const each = lane();
    await each.until(startupMessage("bench", target.database), "Z");
    await each.until(queryMessage("select 1"), "D");
    times.push(performance.now() - began);
    each.close();
  }
  console.log(
    `from a lane to its first row, token at hand, no agent: ${figures(times)} (promise ${firstRowPromiseMs} ms)`,
  );

  async function flood(address: (n: number) => string): Promise<Record<string, number>> {
    const answers: Record<string, number> = {};
    const under: Promise<void>[] = [];
    const end = performance.now() + seconds * 1_000;
    for (let n = 0; performance.now() < end; n++) {
      under.push(
        fetch(`${one.http}/api/v1/login`, {
          method: "POST",
          headers: { "content-type": "application/json", "x-forwarded-for": address(n) },
          body: JSON.stringify({ name: `somebody-${n % 50}`, password: "not the right password" }),
        })
          .then(async (answer) => {
            await answer.arrayBuffer();
            answers[answer.status] = (answers[answer.status] ?? 0) + 1;
          })
          .catch(() => {
            answers["none"] = (answers["none"] ?? 0) + 1;
          }),
      );
      await new Promise((resolve) => setTimeout(resolve, 1_000 / perSecond));
    }
    await Promise.all(under);
    return answers;
  }

  async function asking(work: Promise<unknown> | null): Promise<number[]> {
    const each = lane();
    await each.until(startupMessage("bench", target.database), "Z");
    const found: number[] = [];
    let over = false;
    const end = work ?? new Promise((resolve) => setTimeout(resolve, seconds * 500));
    void end.then(() => {
      over = true;
    });
    while (!over) {
      found.push(await each.until(queryMessage("select 1"), "D"));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    each.close();
    return found;
  }

  console.log(`select 1, nobody signs in: ${figures(await asking(null))}`);
  for (const [name, address] of [
    ["one network", () => "198.51.100.7"],
    ["as many networks", (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`],
  ] as const) {
    const answers = flood(address);
    const found = await asking(answers);
    console.log(
      `select 1, ${perSecond} sign-ins a second from ${name}: ${figures(found)}; answered ${JSON.stringify(await answers)}`,
    );
  }
  link.close();
} finally {
  await hoop.stop();
  await Promise.all([store.stop(), target.stop()]);
}

function figures(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]!.toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (n ${sorted.length})`;
}
